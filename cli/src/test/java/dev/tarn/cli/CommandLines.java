package dev.tarn.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command lines on the pages of the documentation and in the help texts. */
final class CommandLines {
  private static final Set<String> SHELLS = Set.of("sh", "bash", "console");

  /** How a command line begins: variables, then a program that the documentation speaks of. */
  private static final String PROGRAM =
      "(\\w+=\\S+ )*(\\./tarn|tarn|mvn|javac?|source|bash|sh|tar|curl|git|cd|pip3?|python3|docker"
          + "|[\\w./-]+\\.sh)(\\s.*)?";

  private static final Pattern FENCED = Pattern.compile(PROGRAM);
  private static final Pattern INLINE = Pattern.compile("(\\w+=\\S+ )*((\\./)?tarn|java) .*");
  private static final Pattern WORD =
      Pattern.compile("\"[^\"]*\"|'[^']*'|\\{[^}]*}|[|&;<>]+|[^\\s|&;<>\"'{]+(\\{[^}]*})?");

  private CommandLines() {}

  /**
   * A command line.
   *
   * @param at where it stands
   * @param inline whether it stands in a sentence
   */
  record Line(String at, boolean inline, String text) {
    /** Whether it is the name of a command alone, as sentences have it. */
    boolean isName() {
      return inline && text.matches("(\\./)?tarn \\w[\\w-]*");
    }

    /** Whether it has words to be replaced, such as {@code FILE.csv}. */
    boolean hasPlaceholders() {
      return words().stream().anyMatch(word -> word.matches("[A-Z]{3,}(\\.\\w+)?"));
    }

    /** The words of the shell, without quotes. */
    List<String> words() {
      List<String> words = new ArrayList<>();
      Matcher word = WORD.matcher(text);
      while (word.find()) {
        words.add(word.group().replaceAll("[\"']", ""));
      }
      return words;
    }

    /** The arguments of each call of {@code tarn} in the line. */
    List<List<String>> calls() {
      List<List<String>> calls = new ArrayList<>();
      List<String> at = new ArrayList<>();
      boolean tarn = false;
      for (String word : words()) {
        if (word.matches("(\\()?(\\./)?tarn")) {
          tarn = true;
          at = new ArrayList<>();
          calls.add(at);
        } else if (word.matches("[|&;<>]+")) {
          tarn = false;
        } else if (tarn) {
          at.add(word.replaceAll("\\)$", ""));
        }
      }
      return calls;
    }

    @Override
    public String toString() {
      return at + "  " + text;
    }
  }

  /** Those of a page, in order. */
  static List<Line> of(String page) throws IOException {
    List<Line> found = new ArrayList<>();
    for (Pages.Code code : Pages.code(page)) {
      if (!code.fenced()) {
        if (INLINE.matcher(code.text()).matches()) {
          found.add(new Line(code.at(), true, code.text()));
        }
      } else if (code.language().isEmpty() || SHELLS.contains(code.language())) {
        addBlock(code, found);
      }
    }
    return found;
  }

  /**
   * A block in which lines begin with {@code $} has output besides; another has commands alone if
   * it says so, or if its first line is one.
   */
  private static void addBlock(Pages.Code code, List<Line> found) {
    List<String> lines = Pages.joined(code.text());
    boolean session = lines.stream().anyMatch(line -> line.startsWith("$ "));
    boolean commands =
        SHELLS.contains(code.language()) || FENCED.matcher(withoutComment(lines.get(0))).matches();
    for (String line : lines) {
      if (session ? line.startsWith("$ ") : commands) {
        String text = withoutComment(session ? line.substring(2) : line);
        if (!text.isEmpty()) {
          found.add(new Line(code.at(), false, text));
        }
      } else if (FENCED.matcher(line).matches()) {
        throw new AssertionError(
            code.at()
                + ": a command among output; begin it with '$ ', or the block with ```sh: "
                + line);
      }
    }
  }

  private static String withoutComment(String line) {
    return line.replaceAll("(^|\\s+)#( .*|$)", "").strip();
  }

  /** The examples that the help of every command ends with. */
  static List<Line> ofHelp(Set<String> commands) {
    List<Line> found = new ArrayList<>();
    for (String command : commands) {
      String help = Tarn.run("help", command).out();
      int examples = help.indexOf("\nExamples:\n");
      if (examples >= 0) {
        help.substring(examples + 11)
            .lines()
            .takeWhile(line -> line.startsWith("  "))
            .map(line -> new Line("tarn help " + command, false, withoutComment(line.strip())))
            .forEach(found::add);
      }
    }
    return found;
  }
}
