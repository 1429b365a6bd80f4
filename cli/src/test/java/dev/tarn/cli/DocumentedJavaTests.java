package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All Java on the pages of the documentation compiles together: whole programs as they are, classes
 * and statements with the imports and among the names below.
 */
final class DocumentedJavaTests {
  private static final String IMPORTS =
      """
      import dev.tarn.*;
      import dev.tarn.backend.*;
      import dev.tarn.config.*;
      import dev.tarn.data.*;
      import dev.tarn.data.Augmentation.*;
      import dev.tarn.data.Normalization.Method;
      import dev.tarn.data.Preprocessing.Options;
      import dev.tarn.loss.*;
      import dev.tarn.nn.*;
      import dev.tarn.nn.Module;
      import dev.tarn.optim.*;
      import dev.tarn.predict.*;
      import dev.tarn.report.*;
      import dev.tarn.testkit.*;
      import dev.tarn.train.*;
      import java.nio.file.*;
      import java.util.*;
      import java.util.function.*;
      """;

  /** What statements on the pages speak of without declaring it. */
  private static final String NAMES =
      IMPORTS
          + """
          abstract class Names extends Module {
            Path run;
            RunConfig config;
            Backend backend;
            Sequential model;
            Loss loss;
            Trainer trainer;
            TrainStep step;
            Dataset train, dataset;
            Dataset.Split split;
            Spec features;
            Mode mode;
            Tensor x;
            Dense hidden;
            HostTensor images, words, labels, prices, real, noise;
            List<String> classes;
            long perEpoch;
            record Measurement(float[] values, boolean fault) {}
            List<Measurement> measurements;

            @Override
            public Tensor forward(Tensor x, Mode mode) {
              return x;
            }

            abstract void example() throws Exception;
          }
          """;

  private static final Pattern CLASS =
      Pattern.compile("^(?:static |public )*(?:final )?class (\\w+)", Pattern.MULTILINE);

  /** A class and one of its members in a sentence: {@code Trainer.fit}. */
  private static final Pattern MEMBER =
      Pattern.compile("(?:[A-Z]\\w+\\.)*([A-Z]\\w+)\\.(?!java$)(\\w+).*");

  private static final Pattern DECLARED =
      Pattern.compile("\\b(?:class|record|interface|enum) (\\w+)");
  private static final List<String> JAVA =
      List.of("java.lang.", "java.util.", "java.util.concurrent.", "java.nio.file.");

  @TempDir private Path directory;

  /** A source that is in memory only, as Java's compiler wants it. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String name, String text) {
      super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** A unit that can be compiled; its name tells where it comes from. */
  private static Source source(Pages.Code code) {
    String text = code.text().strip();
    if (text.startsWith("import ")) {
      return new Source(code.file().replace(".java", ""), text);
    }
    Matcher declared = CLASS.matcher(text);
    if (declared.lookingAt()) {
      String shown = text.replaceFirst("^(static |public )+", "");
      return new Source(declared.group(1), IMPORTS.replace("\n", " ") + shown);
    }
    String name =
        "At_" + code.at().replace(".md", "").toLowerCase(Locale.ROOT).replaceAll("\\W+", "_");
    String end = text.endsWith(";") || text.endsWith("}") ? "" : ";";
    return new Source(
        name,
        IMPORTS.replace("\n", " ")
            + ("final class "
                + name
                + " extends Names { @Override void example() throws Exception {")
            + ("\n" + text + end + "\n}}"));
  }

  @Test
  void compiles() throws IOException {
    List<Pages.Code> blocks = Pages.code(code -> code.language().equals("java"));
    assertTrue(blocks.size() > 15, blocks::toString);
    List<Source> sources = new ArrayList<>(List.of(new Source("Names", NAMES)));
    blocks.forEach(code -> sources.add(source(code)));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
    List<String> options = List.of("-proc:none", "-d", directory.toString());
    compiler
        .getTask(
            null,
            compiler.getStandardFileManager(said, null, StandardCharsets.UTF_8),
            said,
            options,
            null,
            sources)
        .call();
    String errors =
        said.getDiagnostics().stream()
            .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
            .map(Object::toString)
            .collect(Collectors.joining("\n"));
    assertEquals("", errors);
  }

  /** Whether a name is a class of Java's own, which sentences may speak of, too. */
  private static boolean isJavas(String name) {
    for (String prefix : JAVA) {
      try {
        Class.forName(prefix + name);
        return true;
      } catch (ClassNotFoundException e) {
        // not there
      }
    }
    return false;
  }

  /** Classes and members that sentences name are in Tarn's sources. */
  @Test
  void membersInSentencesExist() throws IOException {
    Map<String, String> sources = new HashMap<>();
    try (Stream<Path> files = Files.walk(Pages.ROOT)) {
      for (Path file :
          files.filter(each -> each.toString().matches(".*/src/(main|test)/.*[.]java")).toList()) {
        String text = Files.readString(file);
        DECLARED
            .matcher(text)
            .results()
            .forEach(type -> sources.merge(type.group(1), text, String::concat));
      }
    }
    List<String> unknown = new ArrayList<>();
    for (Pages.Code code : Pages.code(each -> !each.fenced())) {
      Matcher member = MEMBER.matcher(code.text());
      if (member.matches() && !isJavas(member.group(1))) {
        String text = sources.getOrDefault(member.group(1), "");
        if (!Pattern.compile("\\b" + member.group(2) + "\\b").matcher(text).find()) {
          unknown.add(code.at() + ": " + code.text());
        }
      }
    }
    assertEquals(List.of(), unknown);
  }
}
