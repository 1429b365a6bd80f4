package dev.tarn.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens reports in Chromium, where one is installed. */
final class BrowserTests {
  private static final long LIMIT_SECONDS = 120;

  @TempDir Path directory = Path.of("");

  private static Optional<Path> browser() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .flatMap(
            folder ->
                Stream.of("chromium", "chromium-browser", "google-chrome")
                    .map(name -> Path.of(folder).resolve(name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** What the browser wrote, its log after the page. */
  private String open(String page, String... options) throws Exception {
    Optional<Path> browser = browser();
    assumeTrue(browser.isPresent(), "no chromium on the path: the report is not opened in one");
    Path file = directory.resolve("page.html");
    Files.writeString(file, page);
    Path output = directory.resolve("output.txt");
    List<String> command = new ArrayList<>(List.of(browser.orElseThrow().toString()));
    command.addAll(
        List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--user-data-dir=" + directory.resolve("profile"),
            "--dump-dom"));
    command.addAll(List.of(options));
    command.add(file.toUri().toString());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), "the browser did not end");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return Files.readString(output);
  }

  private static List<String> console(String output) {
    return output.lines().filter(line -> line.contains("CONSOLE")).toList();
  }

  @Test
  void theConsoleStaysEmpty() throws Exception {
    String output = open(Report.html(Samples.full("digits")));
    assertTrue(output.contains("id=\"environment\""), output);
    assertEquals(List.of(), console(output));
  }

  @Test
  void theConsoleIsSeen() throws Exception {
    String page = Report.html(Samples.full("digits"));
    String changed = page.replace("</main>", "<script>alert(1)</script></main>");
    assertTrue(
        console(open(changed)).toString().contains("Content Security Policy"),
        "the page's own policy must refuse scripts");
  }

  /** What is wider than a phone scrolls by itself, not with the whole page. */
  @Test
  void aPhoneNeedsNoScrollingSideways() throws Exception {
    String page =
        Report.html(Samples.full("digits-" + "with-a-long-name-".repeat(12)))
            .replaceFirst("<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "")
            .replace(
                "</main>",
                "</main><script>document.title = 'width ' +"
                    + " document.documentElement.scrollWidth + ' of ' + document.documentElement.clientWidth;</script>");
    String output = open(page, "--window-size=360,900");
    var matcher = java.util.regex.Pattern.compile("<title>width (\\d+) of (\\d+)").matcher(output);
    assertTrue(matcher.find(), output);
    assertEquals(matcher.group(2), matcher.group(1));
  }
}
