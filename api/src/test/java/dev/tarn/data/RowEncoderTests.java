package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Normalization.Method;
import dev.tarn.data.Preprocessing.Kind;
import dev.tarn.data.Preprocessing.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Single rows against the same rows as a table, and what is refused. */
final class RowEncoderTests {
  @TempDir private Path directory;

  private Preprocessing learned(String text, Options options) throws IOException {
    return DataSource.of(table(text)).prepare(parts(table(text)), options).preprocessing();
  }

  private static Dataset.Split parts(CsvTable table) {
    Dataset all = table.dataset();
    return new Dataset.Split(all, all.subset(new int[0]), all.subset(new int[0]));
  }

  private CsvTable table(String text) throws IOException {
    CsvFormat format = text.contains("class") ? CsvFormat.labelled("class") : CsvFormat.features();
    return CsvTable.read(
        Files.writeString(directory.resolve("t.csv"), text),
        format.withCategorical(List.of("town")).withMissing(Set.of("")));
  }

  private static Map<String, @Nullable Object> row(@Nullable Object age, @Nullable Object town) {
    Map<String, @Nullable Object> row = new HashMap<>();
    row.put("age", age);
    row.put("town", town);
    row.put("other", "x");
    return row;
  }

  private static final String TRAINING = "age,town,class\n10,York,no\n,Bath,yes\n50,Bath,no\n";

  @Test
  void rowsAreEncodedAsTablesAre() throws IOException {
    String unseen = "town,age\nBath,20\nHull,90.5\n,-3\nYork,\n";
    for (Kind kind : List.of(Kind.ONE_HOT, Kind.INDEX)) {
      Preprocessing learned = learned(TRAINING, new Options(Method.STANDARD, 1, true, kind, null));
      Dataset table = learned.apply(table(unseen));
      Batch wanted = CsvTableTests.all(table);
      RowEncoder encoder = new RowEncoder(learned, table.features());
      List<Map<String, @Nullable Object>> rows =
          List.of(row(20, "Bath"), row(90.5, "Hull"), row(-3L, null), row(null, "York"));
      for (int f = 0; f < wanted.features().size(); f++) {
        List<Double> all = new ArrayList<>();
        for (Map<String, @Nullable Object> row : rows) {
          HostTensor one = encoder.encode(row).get(f);
          assertEquals(table.features().get(f), one.spec());
          Arrays.stream(one.toDoubles()).forEach(all::add);
        }
        assertArrayEquals(
            wanted.features().get(f).toDoubles(),
            all.stream().mapToDouble(Double::doubleValue).toArray());
      }
    }
  }

  @Test
  void numbersInOrder() throws IOException {
    Options options = Options.PLAIN.with(Method.MINMAX);
    Preprocessing learned = learned("a,b,town,class\n0,10,x,0\n4,30,x,1\n", options);
    RowEncoder encoder = new RowEncoder(learned, List.of(Spec.f32(2, 2)));
    assertEquals(
        List.of(HostTensor.of(new float[] {0.25f, 0.5f, 0, 1}, 2, 2)),
        encoder.encode(List.of(1, 20.0, "x")));
    Preprocessing images =
        new Preprocessing(List.of(), Normalization.scale(0.5), null, List.of("a", "b"));
    assertEquals(
        List.of(HostTensor.of(new float[] {1, 2, 3, 4}, 1, 2, 2)),
        new RowEncoder(images, List.of(Spec.f32(1, 2, 2))).encode(2, 4, 6, 8));
    Preprocessing words = new Preprocessing(List.of(), Normalization.scale(1), null, List.of());
    RowEncoder whole = new RowEncoder(words, List.of(Spec.i32(2)));
    assertEquals(List.of(HostTensor.of(new int[] {3, 5}, 2)), whole.encode(3, 5));
    assertThrows(TarnException.class, () -> whole.encode(3, 0.5f));
  }

  @Test
  void whatIsRefused() throws IOException {
    Preprocessing learned = learned(TRAINING, Options.PLAIN);
    RowEncoder encoder = new RowEncoder(learned, List.of(Spec.f32(4)));
    assertRefused(
        "row: there is no 'town', which the model was trained on; null stands for a missing one",
        () -> encoder.encode(Map.of("age", 3)));
    assertRefused(
        "row: 'age' must be a number, not 'old'", () -> encoder.encode(row("old", "York")));
    assertRefused("row: 'town' must be a text, not 7", () -> encoder.encode(row(3, 7)));
    assertRefused(
        "row: 'age' is Infinity; it must be finite",
        () -> encoder.encode(row(Double.POSITIVE_INFINITY, "York")));
    assertRefused(
        "row: has 3 values; the model was trained on 2 features", () -> encoder.encode(1, 2, 3));
    assertRefused(
        "preprocessing: gives features of [4] values, the model takes [f32[5]]",
        () -> new RowEncoder(learned, List.of(Spec.f32(5))));
    Preprocessing images = new Preprocessing(List.of(), Normalization.scale(0.5), null, List.of());
    RowEncoder pixels = new RowEncoder(images, List.of(Spec.f32(2)));
    assertRefused(
        "row: value 2 is missing, and nothing stands for it", () -> pixels.encode(1, Float.NaN));
    assertRefused(
        "row: the model's features have no names; give its 2 values in their order",
        () -> pixels.encode(Collections.emptyMap()));
  }

  private static void assertRefused(String message, Runnable what) {
    assertEquals(message, assertThrows(TarnException.class, what::run).getMessage());
  }
}
