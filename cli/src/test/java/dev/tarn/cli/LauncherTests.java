package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.cli.Tarn.Child;
import dev.tarn.cli.Tarn.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code tarn} as it is installed, and its archive of loaded classes. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "sh")
final class LauncherTests {
  private static final String FROM_ARCHIVE = "dev.tarn.cli.Main source: shared objects file (top)";

  @TempDir private static Path shared;
  private static Path script;

  /** Filled by the first trainings, which were started at once. */
  private static Path filled;

  private static List<Result> first;

  @TempDir private Path directory;

  /** An installed layout: the script with lib/ beside it, the classes of this test as its jars. */
  @BeforeAll
  static void installAndTrain() throws Exception {
    Path home = Files.createDirectories(shared.resolve("opt/tarn"));
    Path lib = Files.createDirectory(home.resolve("lib"));
    script = home.resolve("tarn");
    Files.copy(Path.of("..", "tarn"), script);
    assertTrue(script.toFile().setExecutable(true));
    int n = 0;
    for (String entry : System.getProperty("java.class.path").split(":")) {
      Path path = Path.of(entry).toAbsolutePath();
      if (Files.isDirectory(path)) {
        pack(path, lib.resolve(n++ + ".jar"));
      } else {
        Files.createSymbolicLink(lib.resolve(n++ + "-" + path.getFileName()), path);
      }
    }
    filled = Files.createDirectory(shared.resolve("a cache"));
    Child one = start(filled, train(shared.resolve("one")));
    Child two = start(filled, train(shared.resolve("two")));
    first = List.of(one.await(), two.await());
    awaitArchive(filled);
  }

  private static void pack(Path classes, Path jar) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        zip.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
        Files.copy(file, zip);
      }
    }
  }

  private static String[] train(Path directory) throws IOException {
    Path file = Tarn.runFile(Files.createDirectories(directory), 1, "reference");
    String runs = directory.resolve("runs").toString();
    return new String[] {"train", file.toString(), "--no-report", "--runs", runs};
  }

  private static Child start(Path cache, String... args) throws IOException {
    return start(Map.of("XDG_CACHE_HOME", cache.toString()), args);
  }

  private static Child start(Map<String, String> more, String... args) throws IOException {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(args));
    return new Child(command, environment);
  }

  /** Where each class comes from, when the version is asked for. */
  private static Result sources(Path cache) throws Exception {
    return start(
            Map.of("XDG_CACHE_HOME", cache.toString(), "TARN_JAVA_OPTS", "-Xlog:class+load"),
            "--version")
        .await();
  }

  private static List<Path> files(Path cache) throws IOException {
    Path directory = cache.resolve("tarn/classes");
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  /** Waits for the archive, which is made while the launcher goes on. */
  private static Path awaitArchive(Path cache) throws Exception {
    for (int i = 0; i < 12_000; i++) {
      List<Path> files = files(cache);
      if (files.size() == 1 && files.get(0).toString().endsWith(".jsa")) {
        return files.get(0);
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    throw new AssertionError("no archive, but " + files(cache));
  }

  private Path copyOfFilled() throws IOException {
    Path copy = Files.createDirectories(directory.resolve("cache/tarn/classes"));
    Path archive = files(filled).get(0);
    Files.copy(archive, copy.resolve(archive.getFileName()));
    assertTrue(copy.resolve(archive.getFileName()).toFile().setWritable(true));
    return directory.resolve("cache");
  }

  private static void assertVersion(Result result) {
    assertEquals(0, result.code(), result.err());
    assertEquals("", result.err());
    assertEquals(1, result.out().lines().count(), result.out());
    assertTrue(result.out().startsWith("tarn "), result.out());
  }

  @Test
  void worksFromAnywhereThroughALinkInADirectoryWithBlanks() throws Exception {
    Path home = Files.createDirectory(directory.resolve("tarn dir"));
    Files.copy(script, home.resolve("tarn"));
    assertTrue(home.resolve("tarn").toFile().setExecutable(true));
    Files.createSymbolicLink(home.resolve("lib"), script.resolveSibling("lib"));
    Path link = directory.resolve("linked");
    Files.createSymbolicLink(link, Path.of("tarn dir/tarn"));
    ProcessBuilder builder =
        new ProcessBuilder(link.toString(), "--version").directory(shared.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), text);
    assertTrue(text.startsWith("tarn "), text);

    builder.environment().put("JAVA_HOME", "/nowhere");
    process = builder.start();
    text = new String(process.getInputStream().readAllBytes());
    assertEquals(1, process.waitFor());
    assertEquals(
        "tarn: JAVA_HOME is /nowhere, which has no bin/java; set it to a JDK of 17 or newer\n",
        text);
  }

  @Test
  void twoFirstTrainingsMakeOneArchive() throws Exception {
    for (Result result : first) {
      assertEquals(0, result.code(), result.err());
      assertEquals("", result.err());
    }
    assertEquals(1, files(filled).size());
    Result result = sources(filled);
    assertTrue(result.out().contains(FROM_ARCHIVE), result.out());
  }

  @Test
  void cutOffArchiveIsMadeAnew() throws Exception {
    Path cache = copyOfFilled();
    Path archive = files(cache).get(0);
    byte[] whole = Files.readAllBytes(archive);
    Files.write(archive, List.of("cut off"));
    assertVersion(start(cache, "--version").await());
    assertEquals(0, start(cache, train(directory)).await().code());
    for (int i = 0; i < 12_000 && Files.size(awaitArchive(cache)) < whole.length / 2; i++) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    assertTrue(sources(cache).out().contains(FROM_ARCHIVE));
  }

  @Test
  void archiveThatIsNoneIsNotUsed() throws Exception {
    Path cache = copyOfFilled();
    Path archive = files(cache).get(0);
    Files.write(archive, new byte[(int) Files.size(archive)]);
    assertVersion(start(cache, "--version").await());
    Result result = start(cache, train(directory)).await();
    assertEquals(0, result.code());
    assertEquals("", result.err());
  }

  @Test
  void cacheThatCannotBeWrittenIsNotUsed() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "no directory");
    assertVersion(start(file, "--version").await());
    Result result = start(file, train(directory)).await();
    assertEquals(0, result.code(), result.err());
    assertEquals("", result.err());
    assertEquals("no directory", Files.readString(file));
  }

  @Test
  void changedJarsGetAnArchiveOfTheirOwn() throws Exception {
    Path cache = copyOfFilled();
    Path old = files(cache).get(0);
    Path jar = script.resolveSibling("lib/0.jar");
    FileTime before = Files.getLastModifiedTime(jar);
    Files.setLastModifiedTime(jar, FileTime.from(Instant.EPOCH));
    try {
      assertFalse(sources(cache).out().contains(FROM_ARCHIVE));
      assertEquals(0, start(cache, train(directory)).await().code());
      while (Files.exists(old)) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      assertNotEquals(old, awaitArchive(cache));
      assertTrue(sources(cache).out().contains(FROM_ARCHIVE));
    } finally {
      Files.setLastModifiedTime(jar, before);
    }
  }

  @Test
  void noArchiveWhereItIsTurnedOff() throws Exception {
    Path cache = directory.resolve("cache");
    Map<String, String> off = Map.of("XDG_CACHE_HOME", cache.toString(), "TARN_CDS", "0");
    assertEquals(0, start(off, train(directory)).await().code());
    assertFalse(Files.exists(cache));
  }
}
