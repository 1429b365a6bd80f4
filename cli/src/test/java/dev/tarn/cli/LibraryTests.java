package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the pages tell library users: the programs on them, and the versions in the BOM. */
final class LibraryTests {
  private static final Path ROOT = Path.of("..");
  private static final Pattern PROGRAM =
      Pattern.compile("```java\n(import .*?public class (\\w+) .*?)```", Pattern.DOTALL);

  @TempDir private Path directory;

  /** Compiles the first whole program of a page and gives its class. */
  private String compile(String page) throws IOException {
    Matcher program = PROGRAM.matcher(Files.readString(ROOT.resolve(page)));
    assertTrue(program.find(), page);
    Path source = directory.resolve(program.group(2) + ".java");
    Files.writeString(source, program.group(1));
    int failures =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", directory.toString(), source.toString());
    assertEquals(0, failures, page);
    return program.group(2);
  }

  @Test
  void theProgramOfThePagePredicts() throws IOException, InterruptedException {
    String main = compile("docs/library.md");
    String path = directory + System.getProperty("path.separator");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                path + System.getProperty("java.class.path"),
                main)
            .directory(directory.toFile())
            .redirectError(directory.resolve("log.txt").toFile())
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), Files.readString(directory.resolve("log.txt")));
    assertTrue(output.matches("setosa 0\\.9\\d+\\s+"), output);
  }

  /**
   * The BOM has the parent's version, and every module but the command line, programs and itself.
   */
  @Test
  void theBomNamesEveryLibrary() throws IOException {
    String parent = Files.readString(ROOT.resolve("pom.xml"));
    String bom = Files.readString(ROOT.resolve("bom/pom.xml"));
    assertEquals(first("<version>(.*?)</version>", parent), first("<version>(.*?)</version>", bom));
    Set<String> modules = all("<module>([^/]*?)</module>", parent);
    modules.removeAll(Set.of("cli", "bom"));
    assertEquals(modules, all("<artifactId>tarn-(.*?)</artifactId><version>", bom));
    String page = Files.readString(ROOT.resolve("docs/library.md"));
    assertTrue(page.contains("<version>" + first("<version>(.*?)</version>", bom)), "version");
    for (String library : Set.of("dnnl", "javacpp", "opencl")) {
      String version = first("<" + library + ".version>(.*?)<", parent);
      assertTrue(page.contains(version), library + " " + version);
    }
  }

  private static String first(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern);
    return matcher.group(1);
  }

  private static Set<String> all(String pattern, String text) {
    Set<String> found = new TreeSet<>();
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
