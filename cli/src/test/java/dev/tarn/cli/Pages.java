package dev.tarn.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the pages of the documentation have in fences and between backticks. */
final class Pages {
  /** The checkout. */
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern FENCE = Pattern.compile("```(\\S*)");
  private static final Pattern SPAN = Pattern.compile("`([^`]+)`");

  /** The end of the line before a block: the name of the file that the block shows. */
  private static final Pattern FILE = Pattern.compile("`([\\w-]+\\.\\w+)`[^`]*:");

  private static final Pattern PROGRAM = Pattern.compile("public (?:class|record) (\\w+)");

  private Pages() {}

  /**
   * Code on a page.
   *
   * @param line where it begins, from 1
   * @param language what stands behind the fence; nothing for a span between backticks
   * @param fenced whether it is a block
   * @param file the file that it shows, or nothing
   */
  record Code(String page, int line, String language, boolean fenced, String file, String text) {
    String at() {
      return page + ":" + line;
    }

    @Override
    public String toString() {
      return at();
    }
  }

  /** The pages, from the root of the checkout. */
  static List<String> all() throws IOException {
    List<String> pages = new ArrayList<>(List.of("README.md", "CONTRIBUTING.md", "gpu/README.md"));
    try (Stream<Path> files =
        Stream.concat(
            Files.list(ROOT.resolve("docs")),
            Files.walk(ROOT.resolve("examples"), 2).filter(file -> file.endsWith("README.md")))) {
      files
          .filter(file -> file.toString().endsWith(".md"))
          .map(file -> ROOT.relativize(file).toString().replace('\\', '/'))
          .sorted()
          .forEach(pages::add);
    }
    return pages;
  }

  /** All code of a page, in order. */
  static List<Code> code(String page) throws IOException {
    List<Code> found = new ArrayList<>();
    List<String> lines = Files.readAllLines(ROOT.resolve(page));
    String before = "";
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      Matcher fence = FENCE.matcher(line.strip());
      if (fence.matches()) {
        int from = i + 1;
        do {
          i++;
        } while (!lines.get(i).strip().equals("```"));
        String text = String.join("\n", lines.subList(from, i)).stripIndent() + "\n";
        String language = fence.group(1);
        found.add(new Code(page, from + 1, language, true, file(before, language, text), text));
      } else {
        Matcher span = SPAN.matcher(line);
        while (span.find()) {
          found.add(new Code(page, i + 1, "", false, "", span.group(1)));
        }
      }
      before = line.isBlank() ? before : line;
    }
    return found;
  }

  /** All code of all pages that a test is about. */
  static List<Code> code(Predicate<Code> wanted) throws IOException {
    List<Code> found = new ArrayList<>();
    for (String page : all()) {
      code(page).stream().filter(wanted).forEach(found::add);
    }
    return found;
  }

  private static String file(String before, String language, String text) {
    Matcher named = FILE.matcher(before);
    if (named.find() && named.end() == before.length()) {
      return named.group(1);
    }
    Matcher program = PROGRAM.matcher(text);
    return language.equals("java") && text.startsWith("import ") && program.find()
        ? program.group(1) + ".java"
        : "";
  }

  /** The lines of a text, with those that end in a backslash joined to the next. */
  static List<String> joined(String text) {
    return text.replaceAll("\\\\\n\\s*", "").lines().collect(Collectors.toList());
  }
}
