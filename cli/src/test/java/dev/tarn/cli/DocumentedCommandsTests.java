package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * Every command line on the pages of the documentation, and every example of the help, is
 * understood; and runs, in the order of the page, in a folder with the files it speaks of. What
 * cannot run says here why.
 */
final class DocumentedCommandsTests {
  private static final String HELP = "help";
  private static final long PATIENCE_SECONDS = 240;

  /** Outlives the test: the archive of classes may still be on its way there. */
  private static final Path USER_HOME = Path.of("target", "documented-home").toAbsolutePath();

  /** Commands that cannot run here, as regular expressions, with the reason. */
  private static final Map<String, String> NOT_RUN =
      Map.ofEntries(
          Map.entry("mvn .*", "the build, which runs this test"),
          Map.entry("gpu/bundle\\.sh|TARN_CHECK_TINY=1 .*", "a step of .ci/run of its own"),
          Map.entry("tar .*|tarn-gpu-check/check\\.sh .*", "on a machine with a GPU"),
          Map.entry("(\\w+=\\S+ )*benchmarks/run\\.sh.*", "fetches the peers; half an hour"),
          Map.entry("benchmarks/loading\\.sh", "builds and measures"),
          Map.entry("python3 benchmarks/peers/.*", "needs PyTorch and a GPU"),
          Map.entry("(\\./)?tarn bench( .*)? --device cuda.*", "the emulator takes minutes"),
          Map.entry("tarn bench", "all workloads take minutes"),
          Map.entry("(\\w+=\\S+ )*tarn datasets .*--download.*", "fetches from the network"));

  /** What makes commands short: what is replaced, and by what. The README's run as they stand. */
  private static final Map<String, String> SHORTENED =
      Map.of(
          "^(tarn train examples/digits.*)", "$1 train.epochs=2",
          "^(tarn train --resume .*)", "$1 train.epochs=5",
          "tarn bench vgg-64", "tarn bench mlp-64",
          "(tarn bench (?!.*--seconds)[^>]+)", "$1 --seconds 0.2 ",
          "--seconds 10", "--seconds 0.2");

  /** Commands that end with another exit code than 0, and why. */
  private static final Map<String, Integer> FAILS =
      Map.of(
          // Shows what is said of a NaN.
          "./tarn train nan.yaml", 1,
          // The files here are not those of the checksums.
          "tarn datasets fashion-mnist --check", 1,
          "tarn datasets mnist --check", 1);

  /** What a page takes for granted: commands that run before its own. */
  private static final Map<String, List<String>> BEFORE =
      Map.of(
          "docs/cli.md",
          List.of(
              "tarn train examples/iris.yaml train.epochs=5",
              "tarn init photos",
              "tarn train photos.yaml train.epochs=1"),
          HELP,
          List.of(
              "tarn train examples/digits.yaml train.epochs=2",
              "tarn train examples/iris.yaml train.epochs=5",
              "tarn init photos -o pets.yaml --name pets",
              "tarn train pets.yaml train.epochs=1"));

  @TempDir private Path directory;

  /** The links, which JUnit would warn of. */
  @AfterEach
  void removeLinks() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(Files::isSymbolicLink).toList()) {
        Files.delete(file);
      }
    }
  }

  private static CommandLine tarn() {
    return Main.commandLine(new Output(System.out, System.err), new Interrupts(System.err));
  }

  static List<String> pages() throws IOException {
    List<String> pages = new ArrayList<>(Pages.all());
    pages.add(HELP);
    return pages;
  }

  private static List<CommandLines.Line> lines(String page) throws IOException {
    return page.equals(HELP)
        ? CommandLines.ofHelp(tarn().getSubcommands().keySet())
        : CommandLines.of(page);
  }

  private static Optional<String> reason(CommandLines.Line line) {
    return NOT_RUN.keySet().stream().filter(line.text()::matches).findFirst();
  }

  /** Options and commands exist, and nothing is missing: also of what is not run. */
  @ParameterizedTest
  @MethodSource("pages")
  void linesAreUnderstood(String page) throws IOException {
    for (CommandLines.Line line : lines(page)) {
      for (List<String> call : line.calls()) {
        CommandLine tarn = tarn();
        if (line.isName()) {
          assertTrue(
              tarn.getSubcommands().containsKey(call.get(0)) || !call.get(0).matches("[a-z-]+"),
              line::toString);
        } else {
          try {
            tarn.parseArgs(call.toArray(String[]::new));
          } catch (CommandLine.ParameterException e) {
            throw new AssertionError(line + ": " + e.getMessage(), e);
          }
        }
      }
    }
  }

  @Test
  void everyReasonIsNeeded() throws IOException {
    TreeSet<String> unused = new TreeSet<>(NOT_RUN.keySet());
    for (String page : pages()) {
      lines(page).forEach(line -> reason(line).ifPresent(unused::remove));
    }
    assertEquals(new TreeSet<>(), unused);
  }

  /** Takes minutes, and needs what {@code mvn package} makes: a step of its own in .ci/run. */
  @ParameterizedTest
  @MethodSource("pages")
  @EnabledIfSystemProperty(named = "tarn.documented", matches = "run")
  void linesRun(String page) throws IOException, InterruptedException {
    DocumentedFiles.make(directory, page);
    List<CommandLines.Line> all = new ArrayList<>();
    BEFORE
        .getOrDefault(page, List.of())
        .forEach(text -> all.add(new CommandLines.Line("", false, text)));
    lines(page).stream()
        .filter(line -> !line.isName() && !line.hasPlaceholders() && reason(line).isEmpty())
        .forEach(all::add);
    List<String> failures = new ArrayList<>();
    for (CommandLines.Line line : all) {
      run(line).ifPresent(failures::add);
    }
    assertTrue(failures.isEmpty(), () -> String.join("\n", failures));
  }

  /** Runs a line; what is wrong, if anything is. */
  private Optional<String> run(CommandLines.Line line) throws IOException, InterruptedException {
    String text = line.text();
    for (Map.Entry<String, String> each : SHORTENED.entrySet()) {
      text = text.replaceFirst(each.getKey(), each.getValue());
    }
    Path output = directory.resolve(".output");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-e", "-o", "pipefail", "-c", text)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("PATH", directory + ":" + environment.get("PATH"));
    environment.put("HOME", Files.createDirectories(USER_HOME).toString());
    environment.put("TARN_DATA", directory.resolve("data").toString());
    if (text.contains("cuda")) {
      environment.put("TARN_CUDA_EMULATOR", "1");
    }
    long start = System.nanoTime();
    Process process = builder.start();
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      try (Stream<ProcessHandle> children = process.descendants()) {
        children.forEach(ProcessHandle::destroyForcibly);
      }
      process.destroyForcibly().waitFor();
    }
    String said = Files.readString(output);
    System.out.printf("%5.1f s  %s%n%s%n", (System.nanoTime() - start) / 1e9, line, said);
    int expected = FAILS.getOrDefault(line.text(), 0);
    return ended && process.exitValue() == expected
        ? Optional.empty()
        : Optional.of(line + ": " + (ended ? process.exitValue() : "does not end") + "\n" + said);
  }
}
