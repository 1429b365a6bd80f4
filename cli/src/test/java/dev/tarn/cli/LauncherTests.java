package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.cli.Tarn.Child;
import dev.tarn.cli.Tarn.Result;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
      return files.sorted().toList();
    }
  }

  /** Waits for the archive, which is made while the launcher goes on. */
  private static Path awaitArchive(Path cache) throws Exception {
    for (int i = 0; i < 12_000; i++) {
      List<Path> files = files(cache);
      // The first says what the second is made for.
      if (files.size() == 2 && files.get(1).toString().endsWith(".jsa")) {
        return files.get(1);
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    throw new AssertionError("no archive, but " + files(cache));
  }

  /** Waits until another archive stands where this one stood. */
  private static void awaitOther(Path archive, FileTime made) throws Exception {
    for (int i = 0; i < 12_000 && Files.getLastModifiedTime(archive).equals(made); i++) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    awaitArchive(archive.resolve("../../..").normalize());
    assertNotEquals(made, Files.getLastModifiedTime(archive));
  }

  private Path copyOfFilled() throws IOException {
    Path copy = Files.createDirectories(directory.resolve("cache/tarn/classes"));
    for (Path file : files(filled)) {
      Path copied = copy.resolve(file.getFileName());
      Files.copy(file, copied);
      assertTrue(copied.toFile().setWritable(true));
      Files.setLastModifiedTime(copied, FileTime.from(Instant.now().minusSeconds(60)));
    }
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
  void messagesNameTheCommandAsItWasStarted() throws Exception {
    Map<String, String> print =
        Map.of("TARN_CDS", "0", "TARN_JAVA_OPTS", "-XshowSettings:properties");
    Result byPath = start(print, "--version").await();
    assertTrue(byPath.err().contains("    tarn.command = " + script + "\n"), byPath.err());
    Map<String, String> found = new HashMap<>(print);
    found.put("PATH", script.getParent() + ":" + System.getenv("PATH"));
    Result byName = start(found, "--version").await();
    assertTrue(byName.err().contains("    tarn.command = tarn\n"), byName.err());
  }

  @Test
  void twoFirstTrainingsMakeOneArchive() throws Exception {
    for (Result result : first) {
      assertEquals(0, result.code(), result.err());
      assertEquals("", result.err());
    }
    assertEquals(2, files(filled).size());
    Result result = sources(filled);
    assertTrue(result.out().contains(FROM_ARCHIVE), result.out());
  }

  @Test
  void cutOffArchiveIsMadeAnew() throws Exception {
    Path cache = copyOfFilled();
    Path archive = awaitArchive(cache);
    try (FileChannel channel = FileChannel.open(archive, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }
    FileTime made = Files.getLastModifiedTime(archive);
    assertVersion(start(cache, "--version").await());
    assertEquals(0, start(cache, train(directory)).await().code());
    awaitOther(archive, made);
    assertTrue(sources(cache).out().contains(FROM_ARCHIVE));
  }

  @Test
  void archiveThatIsNoneIsNotUsed() throws Exception {
    Path cache = copyOfFilled();
    Path archive = awaitArchive(cache);
    Files.write(archive, new byte[(int) Files.size(archive)]);
    assertVersion(start(cache, "--version").await());
    Result result = start(cache, train(directory)).await();
    assertEquals(0, result.code());
    assertEquals("", result.err());
  }

  /** An empty archive says that Java could not make one: neither is it used, nor tried again. */
  @Test
  void goesWithoutWhereJavaMakesNone() throws Exception {
    Path cache = copyOfFilled();
    Path archive = awaitArchive(cache);
    Path madeFor = files(cache).get(0);
    Files.write(archive, new byte[0]);
    Files.writeString(madeFor, Files.readString(madeFor).replaceFirst("\\d+\n$", "0\n"));
    assertVersion(start(cache, "--version").await());
    assertEquals(0, start(cache, train(directory)).await().code());
    assertEquals(2, files(cache).size());
    assertEquals(0, Files.size(archive));
  }

  /** With options of the user that do not go together with the archive, or with the defaults. */
  @Test
  void optionsOfTheUserCount() throws Exception {
    for (String options :
        List.of(
            "-XX:+UseG1GC",
            "-XX:-UseCompressedOops -Xmx200m",
            "-Xshare:off",
            "-Xlog:cds=off -XX:ArchiveClassesAtExit=" + directory.resolve("own.jsa"))) {
      Result result =
          start(Map.of("XDG_CACHE_HOME", filled.toString(), "TARN_JAVA_OPTS", options), "--version")
              .await();
      assertVersion(result);
    }
    assertTrue(Files.exists(directory.resolve("own.jsa")));
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
    Path archive = awaitArchive(cache);
    FileTime made = Files.getLastModifiedTime(archive);
    Path jar = script.resolveSibling("lib/0.jar");
    FileTime before = Files.getLastModifiedTime(jar);
    Files.setLastModifiedTime(jar, FileTime.from(Instant.EPOCH));
    try {
      assertFalse(sources(cache).out().contains(FROM_ARCHIVE));
      assertEquals(0, start(cache, train(directory)).await().code());
      awaitOther(archive, made);
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
