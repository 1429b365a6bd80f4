package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CsvTableTests {
  @TempDir Path directory;

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("t.csv"), text);
  }

  private CsvTable read(String text, CsvFormat format) throws IOException {
    return CsvTable.read(file(text), format);
  }

  private static float[] row(CsvTable table, int row) {
    float[] out = new float[table.columns().size()];
    table.row(row, out);
    return out;
  }

  static Batch all(Dataset data) {
    Batch batch = Batch.zeros(data.features(), data.targets(), data.size());
    data.gather(IntStream.range(0, data.size()).toArray(), 0, batch);
    return batch;
  }

  @Test
  void numbersWithAndWithoutNames() throws IOException {
    for (String text :
        List.of(
            "a,b\n1,2\n3,4.5\n",
            "1,2\r\n3,4.5",
            "\uFEFF1,2\n3,4.5\n",
            "\uFEFFa,b\n1,2\n\n3,\"4.5\"\n",
            "1 , 2\n 3, 4.5\n")) {
      CsvTable table = read(text, CsvFormat.features());
      assertEquals(2, table.rows(), text);
      assertArrayEquals(new float[] {1, 2}, row(table, 0), text);
      assertArrayEquals(new float[] {3, 4.5f}, row(table, 1), text);
      String name = text.contains("a") ? "a" : "";
      assertEquals(name, table.columns().get(0).name());
    }
  }

  @Test
  void packed() throws IOException {
    Path file =
        Files.write(
            directory.resolve("t.csv.gz"), IdxTests.gzip("1,2\n".getBytes(StandardCharsets.UTF_8)));
    assertArrayEquals(new float[] {1, 2}, row(CsvTable.read(file), 0));
  }

  @Test
  void labelsAreSortedTexts() throws IOException {
    CsvTable table =
        read(
            "len,species,x\n1,setosa,7\n2,virginica,8\n3,Acer,9\n4,setosa,9\n",
            CsvFormat.labelled("species"));
    assertEquals(List.of("Acer", "setosa", "virginica"), table.labels());
    assertEquals(3, table.classes());
    Batch batch = all(table.dataset());
    assertArrayEquals(new int[] {1, 2, 0, 1}, batch.target().ints());
    assertArrayEquals(new float[] {1, 7, 2, 8, 3, 9, 4, 9}, batch.feature().floats());
  }

  @Test
  void labelsThatAreNumbersFromZeroStayAsTheyAre() throws IOException {
    CsvTable table = read("5,2\n6,0\n7,1.0\n", CsvFormat.labelled("-1"));
    assertEquals(3, table.classes());
    assertEquals(List.of(), table.labels());
    assertArrayEquals(new int[] {2, 0, 1}, all(table.dataset()).target().ints());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 2 3 5 4 1 | 1 2 3 4 5 | 0 1 2 4 3 0",
        "1 -1 | -1 1 | 1 0",
        "0 4 2 2.0 | 0 2 4 | 0 2 1 1",
        "10 9 16777217 16777216 | 9 10 16777216 16777217 | 1 0 3 2",
        "0 0 | 0 | 0 0",
      })
  void otherWholeNumbersAreNames(String column, String names, String numbers) throws IOException {
    String text = "7," + column.replace(" ", "\n8,") + "\n";
    CsvTable table = read(text, CsvFormat.labelled("-1"));
    assertEquals(List.of(names.split(" ")), table.labels());
    assertEquals(Math.max(2, table.labels().size()), table.classes());
    int[] expected = Stream.of(numbers.split(" ")).mapToInt(Integer::parseInt).toArray();
    assertArrayEquals(expected, all(table.dataset()).target().ints());
  }

  @Test
  void decimalCommas() throws IOException {
    CsvFormat format = CsvFormat.labelled("-1").withDecimal(',');
    for (char separator : new char[] {';', ','}) {
      String text = "size;age;class\n\"1588,41\";3;\"1,0\"\n\"-0,5\";4;0\n".replace(';', separator);
      CsvTable table = read(text, format.withSeparator(separator));
      assertArrayEquals(new float[] {1588.41f, 3}, row(table, 0));
      assertArrayEquals(new float[] {-0.5f, 4}, row(table, 1));
      assertArrayEquals(new int[] {1, 0}, all(table.dataset()).target().ints());
    }
    // Without the setting the comma is refused, and with it the point.
    String told = refused(file("a;b\n1588,41;1\n"), CsvFormat.features().withSeparator(';'));
    assertTrue(
        told.endsWith(
            "not a finite number; if numbers are written with ',', say so under 'decimal'"),
        told);
    told = refused(file("a,b\n1588.41,1\n"), CsvFormat.features().withDecimal(','));
    assertTrue(told.endsWith("if numbers are written with '.', say so under 'decimal'"), told);
    assertThrows(TarnException.class, () -> CsvFormat.features().withDecimal(';'));
  }

  @Test
  void severalTargetsAndIgnoredColumns() throws IOException {
    CsvTable table =
        read(
            "id;a;y;b;z\nx1;1;2;3;4\nx2;5;6;7;8\n",
            CsvFormat.features()
                .withSeparator(';')
                .withTargets(List.of("z", "y"))
                .withIgnore(List.of("0")));
    Batch batch = all(table.dataset());
    assertArrayEquals(new float[] {1, 3, 5, 7}, batch.feature().floats());
    assertArrayEquals(new float[] {4, 2, 8, 6}, batch.target().floats());
    assertEquals(0, table.classes());
  }

  @Test
  void categoriesAndMissingValues() throws IOException {
    CsvTable table =
        read(
            "age,\"town, old\"\n1,\"B \"\"x\"\"\"\nNA,A\n3,\n",
            CsvFormat.features()
                .withCategorical(List.of("town, old"))
                .withMissing(Set.of("", "NA")));
    assertEquals(
        new CsvTable.Column("town, old", true, 0, List.of("B \"x\"", "A")), table.columns().get(1));
    assertArrayEquals(new float[] {1, 0}, row(table, 0));
    assertArrayEquals(new float[] {Float.NaN, 1}, row(table, 1));
    assertArrayEquals(new float[] {3, Float.NaN}, row(table, 2));
  }

  @Test
  void largerThanMemory() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      text.append(i);
      for (int j = 1; j < 500; j++) {
        text.append(',').append(i % 10 + j);
      }
      text.append(',').append(i % 3).append('\n');
    }
    Path file = file(text.toString());
    CsvFormat format = CsvFormat.labelled("-1");
    try (CsvTable disk = CsvTable.read(file, format, null, 1 << 20);
        CsvTable memory = CsvTable.read(file, format, null, 1 << 28)) {
      assertTrue(disk.inFile());
      assertFalse(memory.inFile());
      Batches one = new Batches(disk.dataset(), 64, true);
      Batches other = new Batches(memory.dataset(), 64, true);
      one.startEpoch(1, 2);
      other.startEpoch(1, 2);
      for (int i = 0; i < one.count(); i++) {
        assertEquals(other.load(i), one.load(i));
      }
      assertArrayEquals(new float[] {4999, 10, 11}, java.util.Arrays.copyOf(row(disk, 4999), 3));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1,2~3~ | :2: 1 fields where the first line has 2",
        "1,2~3,4,5~ | :2: 3 fields where the first line has 2",
        "a,b~1,x~ | :2: column 2 ('b') is 'x', not a finite number; name the column under 'categorical' or 'ignore'",
        "a,b~1,$1~ | :2: column 2 ('b') is '$1', not a finite number; write such numbers as 1234.5, without other signs",
        "a,b~1,12 %~ | :2: column 2 ('b') is '12 %', not a finite number; write such numbers as 1234.5, without other signs",
        "a,a~1,2~ | : two columns are called 'a'; rename one of them, or say 'header: false' if the first line has no names",
        "1,2~3,NaN~ | :2: column 2 is 'NaN', not a finite number; name 'NaN' under 'missing' if it stands for a missing value",
        "1,2~3,inf~ | :2: column 2 is 'inf', not a finite number; name 'inf' under 'missing' if it stands for a missing value",
        "1,2~3,1e99~ | :2: column 2 is '1e99', not a finite number",
        "1,2~3,~ | :2: column 2 is empty; name '' under 'missing' if it may be",
        "a,1~3,4~ | :1: column 1 is 'a', not a finite number; name the column under 'categorical' or 'ignore'",
        "a,b~ | : no rows of data",
        "~~ | : no rows of data",
        "1,2~3,\"4~ | :2: a quote \" is opened in this row and never closed; close it, or write it twice inside of quotes",
        "1,2~\"3~~\",4~5,\"x~\"~ | :5: column 2 is 'x', not a finite number; name the column under 'categorical' or 'ignore'",
      })
  void bad(String text, String message) throws IOException {
    Path file = file(text.replace('~', '\n'));
    String told = assertThrows(TarnException.class, () -> CsvTable.read(file)).getMessage();
    assertEquals(file + message, told);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "5,1~6,1.5~ | :2: the class in column 2 is '1.5', not a whole number; numbers to predict go under 'targets'",
        "5,1~6,O~7,O~ | :2: the class in column 2 is 'O', not a whole number as in other rows",
        "5,a~6,~ | :2: column 2 is empty; every row needs its class",
        "x,kind~5,a~6,~ | :3: column 2 ('kind') is empty; every row needs its class",
        "1~0~ | : one column; expected features and, in the last column, the class",
        "a;b~1;0~ | : one column; expected features and, in the last column, the class; if columns are separated otherwise, say 'separator: \";\"'",
      })
  void badLabels(String text, String message) throws IOException {
    Path file = file(text.replace('~', '\n'));
    CsvFormat format = CsvFormat.labelled("-1");
    assertEquals(
        file + message,
        assertThrows(TarnException.class, () -> CsvTable.read(file, format)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {";", "\t", "|"})
  void anotherSeparatorIsProposed(String separator) throws IOException {
    Path file = file(String.join(separator, "age", "town", "risk") + "\n");
    String message = refused(file, CsvFormat.labelled("risk"));
    String remedy =
        "; if columns are separated otherwise, say 'separator: \""
            + (separator.equals("\t") ? "\\t" : separator)
            + "\"'";
    assertTrue(message.endsWith("]" + remedy), message);
  }

  @Test
  void theColumnThatWasMeantIsNamed() throws IOException {
    Path file = file("age,risk\n1,2\n");
    assertEquals(
        file
            + ": ignore: there is no column 'rsik'; did you mean 'risk'? There are ['age', 'risk']",
        refused(file, CsvFormat.features().withIgnore(List.of("rsik"))));
  }

  @Test
  void columnsThatAreNotThere() throws IOException {
    Path file = file("a,b,b\n1,2,3\n");
    assertEquals(
        file + ": label: there is no column 'c'; there are ['a', 'b', 'b']",
        refused(file, CsvFormat.labelled("c")));
    assertEquals(
        file + ": label: there is no column 3 among 3", refused(file, CsvFormat.labelled("3")));
    assertEquals(
        file + ": two columns are called 'b'; name it by its index",
        refused(file, CsvFormat.labelled("b")));
    assertEquals(
        file + ": column 1 ('a') is named twice",
        refused(file, CsvFormat.labelled("a").withIgnore(List.of("0"))));
    assertEquals(
        file + ": column 1 ('a') is no feature, and cannot be categorical",
        refused(file, CsvFormat.labelled("a").withCategorical(List.of("a"))));
    assertEquals(
        file + ": label: there is no column 'a'; the first line has no names: name it by its index",
        refused(file, CsvFormat.labelled("a").withHeader(false)));
    assertThrows(TarnException.class, () -> CsvFormat.labelled("a").withTargets(List.of("b")));
    assertThrows(TarnException.class, () -> CsvFormat.features().withSeparator('.'));
  }

  private static String refused(Path file, CsvFormat format) {
    return assertThrows(TarnException.class, () -> CsvTable.read(file, format)).getMessage();
  }

  @Test
  void otherEncodings() throws IOException {
    Path latin =
        Files.write(directory.resolve("l.csv"), "a,b\n1,é\n".getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(
        latin + ": not UTF-8 text; save it as UTF-8", refused(latin, CsvFormat.features()));
    Path wide =
        Files.write(directory.resolve("w.csv"), "a,b\n1,2\n".getBytes(StandardCharsets.UTF_16));
    assertEquals(wide + ": not UTF-8 text; save it as UTF-8", refused(wide, CsvFormat.features()));
  }
}
