package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Normalization.Method;
import dev.tarn.data.Preprocessing.Kind;
import dev.tarn.data.Preprocessing.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Worked examples. */
final class PreprocessingTests {
  private static final String TABLE =
      """
      age,town,class
      10,York,no
      ,Bath,yes
      30,,yes
      50,Bath,no
      90,Hull,yes
      """;

  @TempDir Path directory;

  private CsvTable table(String text, CsvFormat format) throws IOException {
    return CsvTable.read(
        Files.writeString(directory.resolve("t.csv"), text),
        format.withCategorical(List.of("town")).withMissing(Set.of("")));
  }

  /** The last row is for testing: neither 90 nor Hull is known in training. */
  private static Dataset.Split split(CsvTable table) {
    Dataset data = table.dataset();
    return new Dataset.Split(
        data.subset(new int[] {0, 1, 2, 3}), data.subset(new int[0]), data.subset(new int[] {4}));
  }

  @Test
  void numbersAndOneHotCategories() throws IOException {
    CsvTable table = table(TABLE, CsvFormat.labelled("class"));
    Options options = new Options(Method.STANDARD, 1, true, Kind.ONE_HOT, null);
    Prepared prepared = DataSource.of(table).prepare(split(table), options);
    assertEquals(List.of("no", "yes"), prepared.preprocessing().labels());
    assertEquals(List.of("Bath", "York"), prepared.preprocessing().columns().get(1).categories());
    // mean of 10, 30, 50 is 30; variance 800 / 3
    float one = (float) (20 / Math.sqrt(800 / 3.0));
    // age, missing, town: other, Bath, York
    float[][] wanted = {{-one, 0, 0, 0, 1}, {0, 1, 0, 1, 0}, {0, 0, 1, 0, 0}, {one, 0, 0, 1, 0}};
    Batch train = CsvTableTests.all(prepared.split().train());
    for (int i = 0; i < 20; i++) {
      assertEquals(wanted[i / 5][i % 5], train.feature().get(i), 1e-6);
    }
    assertArrayEquals(new int[] {0, 1, 1, 0}, train.target().ints());
    assertArrayEquals(
        new float[] {3 * one, 0, 1, 0, 0},
        CsvTableTests.all(prepared.split().test()).feature().floats(),
        1e-6f);
  }

  @Test
  void categoriesAsIndices() throws IOException {
    CsvTable table = table(TABLE, CsvFormat.labelled("class"));
    Options options = new Options(Method.MINMAX, 1, false, Kind.INDEX, null);
    Prepared prepared = DataSource.of(table).prepare(split(table), options);
    assertEquals(List.of(Spec.f32(1), Spec.i32(1)), prepared.split().train().features());
    Batch train = CsvTableTests.all(prepared.split().train());
    assertArrayEquals(new float[] {0, 0.5f, 0.5f, 1}, train.features().get(0).floats());
    assertArrayEquals(new int[] {2, 1, 0, 1}, train.features().get(1).ints());
    Batch test = CsvTableTests.all(prepared.split().test());
    assertArrayEquals(new float[] {2}, test.features().get(0).floats());
    assertArrayEquals(new int[] {0}, test.features().get(1).ints());
  }

  /** A table to predict from has other codes, columns in another order, and more of them. */
  @Test
  void readBackAndAppliedToNewRows() throws IOException {
    CsvTable table = table(TABLE, CsvFormat.labelled("class"));
    Options options = new Options(Method.STANDARD, 1, true, Kind.ONE_HOT, null);
    Preprocessing learned = DataSource.of(table).prepare(split(table), options).preprocessing();
    Preprocessing read = Preprocessing.fromJson(learned.toJson());
    assertEquals(learned, read);
    assertEquals(learned.normalization(), read.normalization());
    assertEquals(learned.columns(), read.columns());
    CsvTable rows = table("extra,town,age\n7,Hull,30\n7,York,\n", CsvFormat.features());
    assertArrayEquals(
        new float[] {0, 0, 1, 0, 0, 0, 1, 0, 0, 1},
        CsvTableTests.all(read.apply(rows)).feature().floats());
    CsvTable none = table("town,weight\nHull,30\n", CsvFormat.features());
    assertEquals(
        "data: there is no column 'age', which the model was trained on",
        assertThrows(TarnException.class, () -> read.apply(none)).getMessage());
    assertThrows(TarnException.class, () -> read.apply(Datasets.iris()));
  }

  @Test
  void floatsSurviveTheirText() {
    float[] odd = {0.1f, Float.MIN_VALUE, Float.MAX_VALUE, -1 / 3f, 16777217f};
    Preprocessing value =
        new Preprocessing(
            List.of(), new Normalization(odd, odd), Shape.of(1, 5), List.of("a\"b", "\u00e9"));
    Preprocessing read = Preprocessing.fromJson(value.toJson());
    assertArrayEquals(odd, read.normalization().shift());
    assertArrayEquals(odd, read.normalization().factor());
    assertEquals(Shape.of(1, 5), read.shape());
    assertEquals(value.labels(), read.labels());
  }

  @Test
  void damagedText() {
    String good =
        Preprocessing.fit(Datasets.iris(), List.of(), Options.PLAIN.with(Method.STANDARD)).toJson();
    assertEquals(
        "preprocessing: version 9 is of another Tarn; this one reads 1",
        assertThrows(
                TarnException.class,
                () -> Preprocessing.fromJson(good.replace("\"version\":1", "\"version\":9")))
            .getMessage());
    for (String bad :
        List.of(
            "",
            "[]",
            "{}",
            "null",
            good.substring(0, good.length() / 2),
            good.replace("factor", "x"),
            good.replaceFirst("\"shift\":\\[[^,]*,", "\"shift\":["),
            good.replaceFirst("\"shift\":\\[[^,]*,", "\"shift\":[1e99,"))) {
      String message =
          assertThrows(TarnException.class, () -> Preprocessing.fromJson(bad)).getMessage();
      assertTrue(message.startsWith("preprocessing: "), bad);
    }
  }

  @Test
  void imagesPerChannel() {
    HostTensor images = HostTensor.of(new float[] {1, 3, 10, 10, 5, 7, 30, 30}, 2, 2, 1, 2);
    Dataset data = new ArrayDataset(images, HostTensor.of(new int[] {0, 1}, 2), 2);
    Normalization learned = Normalization.fit(data, Method.STANDARD);
    assertArrayEquals(new float[] {4, 20}, learned.shift());
    // deviations sqrt(5) and 10
    assertArrayEquals(new float[] {(float) (1 / Math.sqrt(5)), 0.1f}, learned.factor(), 1e-7f);
    Preprocessing flat =
        Preprocessing.fit(
            data, List.of(), new Options(Method.STANDARD, 1, false, Kind.ONE_HOT, Shape.of(4)));
    Dataset applied = flat.apply(data);
    assertEquals(Shape.of(4), applied.featureShape());
    float a = (float) (1 / Math.sqrt(5));
    assertArrayEquals(
        new float[] {-3 * a, -a, -1, -1, a, 3 * a, 1, 1},
        CsvTableTests.all(applied).feature().floats(),
        1e-6f);
  }

  /** Mean and deviation of each feature become 0 and 1, seen by other sums. */
  @Test
  void irisIsStandard() {
    Dataset data =
        Preprocessing.fit(Datasets.iris(), List.of(), Options.PLAIN.with(Method.STANDARD))
            .apply(Datasets.iris());
    float[] values = CsvTableTests.all(data).feature().floats();
    for (int column = 0; column < 4; column++) {
      double sum = 0;
      double squares = 0;
      for (int row = 0; row < 150; row++) {
        sum += values[row * 4 + column];
        squares += values[row * 4 + column] * (double) values[row * 4 + column];
      }
      assertEquals(0, sum / 150, 1e-6);
      assertEquals(1, squares / 150, 1e-6);
    }
  }

  @Test
  void constantsAndColumnsWithoutValues() throws IOException {
    CsvTable table = table("a,b,town\n5,,x\n5,,y\n", CsvFormat.features());
    assertEquals(
        directory.resolve("t.csv")
            + ": column 'b' is missing in every training example; name it under 'ignore'",
        assertThrows(
                TarnException.class, () -> Preprocessing.fit(table.dataset(), table, Options.PLAIN))
            .getMessage());
    CsvTable constant = table("a,town\n5,x\n5,y\n", CsvFormat.features());
    for (Method method : List.of(Method.STANDARD, Method.MINMAX)) {
      Preprocessing learned =
          Preprocessing.fit(constant.dataset(), constant, Options.PLAIN.with(method));
      assertEquals(0, CsvTableTests.all(learned.apply(constant)).feature().get(0));
    }
    assertThrows(
        TarnException.class, () -> new Options(Method.STANDARD, 2, false, Kind.ONE_HOT, null));
  }
}
