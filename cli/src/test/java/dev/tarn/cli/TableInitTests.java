package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What 'tarn init' makes of the columns of tables, and that training and prediction agree. */
final class TableInitTests {
  private static final int ROWS = 120;

  @TempDir private Path directory;

  private Path write(String name, String header, IntFunction<String> row) throws IOException {
    StringBuilder text = new StringBuilder(header);
    for (int i = 0; i < ROWS; i++) {
      text.append(row.apply(i)).append('\n');
    }
    return Files.writeString(directory.resolve(name), text);
  }

  private Tarn.Result init(Path file, String... more) {
    List<String> args = new java.util.ArrayList<>(List.of("init", file.toString()));
    args.addAll(List.of("-o", yaml().toString()));
    args.addAll(List.of(more));
    return Tarn.run(args.toArray(String[]::new));
  }

  private Path yaml() {
    return directory.resolve("run.yaml");
  }

  private String written(Path file, String... more) throws IOException {
    Tarn.Result result = init(file, more);
    assertEquals(0, result.code(), result.err());
    return result.out() + Files.readString(yaml());
  }

  private Path train() {
    Tarn.ok(
        "train",
        yaml().toString(),
        "train.epochs=10",
        "device=reference",
        "--no-report",
        "--runs",
        directory.toString());
    return directory.resolve("run-1");
  }

  private static List<String> lines(String... args) {
    return Tarn.ok(args).out().lines().toList();
  }

  private void assertRefused(Path file, String message) {
    Tarn.Result result = init(file);
    assertEquals("tarn: " + file + message, result.err().strip());
    assertEquals(1, result.code());
    assertFalse(Files.exists(yaml()));
  }

  /** A pseudorandom number from 0 to 1 with four decimals. */
  private static String fraction(int i) {
    return String.format(Locale.ROOT, "%.4f", i * 0.6180339887 % 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "id,index,class\n"})
  void realNumbersAreNoIdentifiers(String header) throws IOException {
    Path file =
        write("t.csv", header, i -> fraction(i) + "," + (i + 0.5) + "," + (i % 2 == 0 ? "a" : "b"));
    String text = written(file);
    assertFalse(text.contains("left out"), text);
    assertFalse(text.contains("ignore"), text);
  }

  @Test
  void reasonsForWhatIsLeftOut() throws IOException {
    Path file =
        write(
            "t.csv",
            "no,key id,x,same,remark,iso,german,american,time,class\n",
            i ->
                String.format(
                    "%d,%d,%s,7,about %d,2024-%02d-1,%d.3.2024,3/%d/24,2024-03-01 10:%02d,%s",
                    i,
                    900 - 7 * i,
                    fraction(i),
                    i,
                    i % 9 + 1,
                    i % 9 + 1,
                    i % 9 + 1,
                    i % 9,
                    i % 2 == 0 ? "a" : "b"));
    String text = written(file);
    assertTrue(
        text.contains(
            "left out: no (identifier), key id (identifier), same (constant), remark (free text),"
                + " iso (date), german (date), american (date), time (date)\n"),
        text);
    assertTrue(text.contains("american, time] # identifier, constant, free text, date\n"), text);
  }

  @ParameterizedTest
  @CsvSource({"';'", "','"})
  void decimalCommasFromInitToPrediction(String separator) throws IOException {
    String header = "size;weight;class\n".replace(";", separator);
    IntFunction<String> row =
        i ->
            String.format(
                Locale.GERMANY,
                "\"%.2f\"%s%d%s%s",
                i % 2 == 0 ? 1200 + i / 7.0 : 3 + i / 7.0,
                separator,
                i % 5,
                separator,
                i % 2 == 0 ? "big" : "small");
    Path file = write("t.csv", header, row);
    String text = written(file);
    assertTrue(text.contains("decimal: \",\""), text);
    assertFalse(text.contains("left out"), text);
    String run = train().toString();
    Path table =
        Files.writeString(directory.resolve("new.csv"), header.replace(separator + "class", ""));
    Files.writeString(
        table,
        "\"1205,5\"%s3\n\"4,25\"%s2\n".replace("%s", separator),
        java.nio.file.StandardOpenOption.APPEND);
    List<String> predicted = lines("predict", run, table.toString());
    assertTrue(predicted.get(1).startsWith("big,"), predicted.toString());
    assertTrue(predicted.get(2).startsWith("small,"), predicted.toString());
    // Numbers of JSON have points, whatever the table had.
    Path json = directory.resolve("new.jsonl");
    Files.writeString(json, "{\"size\": 1205.5, \"weight\": 3}\n{\"size\": 4.25, \"weight\": 2}\n");
    assertEquals(predicted, lines("predict", run, json.toString()));
    JsonObject evaluated =
        JsonParser.parseString(
                String.join("", lines("eval", run, "--data", file.toString(), "--json")))
            .getAsJsonObject();
    assertEquals(ROWS, evaluated.get("examples").getAsInt());
  }

  @Test
  void numbersWithSignsAreNamed() throws IOException {
    Path file =
        write(
            "t.csv",
            "x,price,share,big,class\n",
            i ->
                String.format(
                    Locale.ROOT,
                    "%s,\"$%,.2f\",%d%%,\"%,d\",%s",
                    fraction(i),
                    1000.5 + i,
                    i % 90,
                    10000 + i,
                    i % 2 == 0 ? "a" : "b"));
    String text = written(file);
    for (String column : List.of("price", "share", "big")) {
      assertTrue(text.contains(column + " (numbers with other signs)"), text);
    }
    assertTrue(
        text.contains(
            "column 'share' has texts such as '0%': to use these numbers, write them as 1234.5,"
                + " without other signs\n"),
        text);
    assertFalse(text.contains("decimal:"), text);
  }

  @Test
  void classesThatAreNumbersFromOne() throws IOException {
    Path file = write("t.csv", "x,rating\n", i -> i % 5 + "." + i % 7 + "," + (i % 5 + 1));
    String text = written(file);
    assertTrue(text.contains("class: column 'rating', 5 values"), text);
    assertTrue(text.contains("- dense: 5 #"), text);
    String run = train().toString();
    Path rows = Files.writeString(directory.resolve("rows.csv"), "x\n4.1\n");
    List<String> predicted = lines("predict", run, rows.toString());
    assertEquals("class,p_1,p_2,p_3,p_4,p_5", predicted.get(0));
    // Other data may lack classes; these keep their numbers.
    Path some = Files.writeString(directory.resolve("some.csv"), "x,rating\n0.5,1\n2.5,3\n");
    lines("eval", run, "--data", some.toString());
    Files.writeString(some, "x,rating\n0.5,0\n2.5,1\n");
    Tarn.Result refused = Tarn.run("eval", run, "--data", some.toString());
    assertEquals(
        "tarn: " + some + ": class '0' is none of the training's: [1, 2, 3, 4, 5]",
        refused.err().strip());
  }

  /** And trained on 0, 1, 2: data without class 0 have the same numbers. */
  @Test
  void classesThatAreNumbersFromZero() throws IOException {
    written(write("t.csv", "x,rating\n", i -> i % 3 * 9 + "." + i % 7 + "," + i % 3));
    String run = train().toString();
    Path some = Files.writeString(directory.resolve("some.csv"), "x,rating\n9.5,1\n18.5,2\n");
    String all = String.join("", lines("eval", run, "--data", some.toString(), "--json"));
    double accuracy = JsonParser.parseString(all).getAsJsonObject().get("accuracy").getAsDouble();
    assertEquals(1.0, accuracy);
    Files.writeString(some, "x,rating\n9.5,1\n18.5,3\n");
    Tarn.Result refused = Tarn.run("eval", run, "--data", some.toString());
    assertEquals("tarn: " + some + ": has class 3; the model knows 0 to 2", refused.err().strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a,b,c~ | : no rows of data below the line of names",
        "~ | : no rows of data",
        "a,b,c~1,2,x~ | : one row of data; training and its tests need more",
        "a,b,c~1,2,x~3,4,x~ | : column 'c' to predict is 'x' in every row; add rows of another value, or name another column with --label or --target",
        "a,b,c~1,2,x~3,4,~ | : column 'c' to predict is missing in 1 rows, written [\"\"]; remove these, or name another column with --label or --target",
        "a,b,c~1,2,2024-01-02~3,4,2024-01-03~ | : column 'c' to predict has dates; name another column with --label or --target",
        "a,b,c~1,2,$1~3,4,$2~ | : column 'c' to predict has texts such as '$1'; write numbers as 1234.5, without other signs, or name another column with --label or --target",
        "a,b,c~1,2,x~3,4,y~5,6,x~7,8,y~ | : split: of 4 examples 3 are for training, 1 for validation and 0 for testing; too few: make the shares larger, or some of them 0",
        "a,b,c~1,2,x~3,\"4,x~5,6,y~ | :3: a quote \" is opened in this row and never closed; close it, or write it twice inside of quotes",
        "a,a,c~1,2,x~3,4,y~ | : two columns are called 'a'; rename one of them, or say 'header: false' if the first line has no names",
        "id,c~2024-01-02,x~2024-01-03,y~ | : no column can be used as a feature; left out: id (date)",
      })
  void refused(String text, String message) throws IOException {
    Path file = Files.writeString(directory.resolve("t.csv"), text.replace('~', '\n'));
    assertRefused(file, message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ISO-8859-1", "UTF-16"})
  void otherEncodings(String charset) throws IOException {
    Path file = directory.resolve("t.csv");
    Files.write(file, "größe,b,c\n1,2,x\n".getBytes(Charset.forName(charset)));
    assertRefused(file, ": not UTF-8 text; save it as UTF-8");
    Files.write(file, "größe,b,c\n1,2,x\n".getBytes(StandardCharsets.UTF_8));
    assertRefused(file, ": one row of data; training and its tests need more");
  }

  /** Runs are called as the run file is, and that as the data unless it is given. */
  @Test
  void names() throws IOException {
    Path file = write("my data.csv", "x,c\n", i -> fraction(i) + "," + i % 2);
    Path towns = directory.resolve("towns.yaml");
    assertEquals(0, Tarn.run("init", file.toString(), "-o", towns.toString()).code());
    assertTrue(Files.readString(towns).contains("\nname: towns #"));
    assertTrue(written(file, "--name", "other").contains("\nname: other #"));
  }
}
