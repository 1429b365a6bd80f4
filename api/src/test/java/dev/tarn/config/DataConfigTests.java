package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.data.Npy;
import dev.tarn.data.Preprocessing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DataConfigTests {
  @TempDir Path directory;

  private RunConfig parse(String data) {
    String text =
        "data: "
            + data
            + "\nmodel: [dense: 2]\ntrain: {optimizer: {adam: {lr: 0.01}}, epochs: 1, batch: 8}\n";
    return RunConfig.parse(text, "f.yaml", directory, List.of());
  }

  private static Batch all(Dataset data) {
    Batch batch = Batch.zeros(data.features(), data.targets(), data.size());
    int[] indices = new int[data.size()];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = i;
    }
    data.gather(indices, 0, batch);
    return batch;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{set: iris, scale: 0.5, stratify: true, split: [0.5, 0.25, 0.25]}",
        "{set: mnist, directory: there, normalize: minmax, prefetch: 3,"
            + " augment: [shift: 2, flip: vertical, crop: 0.5, rotate: 10, noise: 0.1]}",
        "{csv: a.csv, header: false, separator: ';', label: '0', categorical: [1, '2'], ignore: 3,"
            + " missing: ['', NA, '-1'], indicator: true, normalize: standard}",
        "{csv: a.csv, targets: [price, rent], separator: \"\\t\", decimal: ','}",
        "{csv: a.csv, targets: 2}",
        "{idx: a.idx, label: b.idx, shape: [784]}",
        "{npz: a.npz, targets: z, features: '1'}",
        "{images: pets, size: [8, 9], fit: stretch, gray: true}",
        "{images: pets}",
        "{synthetic: [3, 8, 8], examples: 12, classes: 4, split: [1, 0, 0]}",
      })
  void whatIsWrittenReadsBackTheSame(String data) {
    RunConfig config = parse(data);
    String yaml = config.toYaml();
    RunConfig again = RunConfig.parse(yaml, "config.yaml", Path.of("/elsewhere"), List.of());
    assertEquals(config.data(), again.data());
    assertEquals(yaml, again.toYaml());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{set: iris, csv: a} | data: expected one of set, csv, idx, npz, images, synthetic: where the data are",
        "{set: iris, label: x} | data.label: belongs to data of another kind than 'set'",
        "{npz: a, gray: true} | data.gray: belongs to data of another kind than 'npz'",
        "{csv: a, label: x, targets: 1} | data.targets: give either 'label' or 'targets', not both",
        "{csv: a, targets: 0} | data.targets: expected an integer from 1 to 1000000, found '0'",
        "{csv: a, separator: ab} | data.separator: expected one of , ; ! : a space or \"\\t\", found 'ab'",
        "{csv: a, missing: [x, x]} | data.missing[2]: 'x' is there twice",
        "{idx: a} | data: missing key 'label'",
        "{images: a, size: 3} | data.size: expected rows and columns, such as [32, 32], found '3'",
        "{synthetic: [4], examples: 12} | data: missing key 'classes'",
        "{images: a, fit: pad} | data.fit: expected crop or stretch, found 'pad'",
        "{set: iris, normalize: zscore} | data.normalize: expected one of [none, standard, minmax], found 'zscore'",
        "{set: iris, normalize: minmax, scale: 2} | data.scale: give either 'scale' or 'normalize', not both",
        "{csv: a, decimal: ';'} | data.decimal: expected \".\" or \",\", found ';'",
        "{csv: a, targets: 1, stratify: true} | data.stratify: only data with classes can be stratified",
        "{set: iris, augment: flip} | data.augment: expected a list of changes, such as '- shift: 2', found 'flip'",
        "{set: iris, augment: [flipp: x]} | unknown key 'flipp'; did you mean 'flip'?",
        "{set: iris, augment: [flip: up]} | expected horizontal or vertical, found 'up'",
        "{set: iris, augment: [rotate: 200]} | expected a number above 0 and up to 180: degrees, found '200'",
        "{set: iris, prefetch: 100} | data.prefetch: expected an integer from 0 to 64, found '100'",
      })
  void golden(String data, String message) {
    String told = assertThrows(ConfigException.class, () -> parse(data)).getMessage();
    assertTrue(told.startsWith("f.yaml:1:"), told);
    assertTrue(told.replace("; |", "; !").endsWith(message), told);
  }

  @Test
  void tableWithCategoriesAndNewRows() throws IOException {
    StringBuilder table = new StringBuilder("id,size,colour,kind\n");
    for (int i = 0; i < 40; i++) {
      table.append("x").append(i).append(',').append(i % 7 == 0 ? "" : i).append(',');
      table.append(i % 2 == 0 ? "red" : "blue").append(',').append(i % 3 == 0 ? "b" : "a");
      table.append('\n');
    }
    Files.writeString(directory.resolve("t.csv"), table);
    DataConfig data =
        parse(
                "{csv: t.csv, ignore: id, categorical: colour, missing: '', normalize: standard,"
                    + " indicator: true, stratify: true}")
            .data();
    Prepared prepared = data.load(5);
    // size, missing, colour: other, blue, red
    assertEquals(Shape.of(5), prepared.split().train().featureShape());
    assertEquals(List.of("a", "b"), prepared.preprocessing().labels());
    Path rows = Files.writeString(directory.resolve("rows.csv"), "colour,size\nblue,\ngreen,3\n");
    Preprocessing read = Preprocessing.fromJson(prepared.preprocessing().toJson());
    float[] values = all(data.rows(rows, read, Shape.of(5))).feature().floats();
    float three = (3 - read.normalization().shift()[0]) * read.normalization().factor()[0];
    assertArrayEquals(new float[] {0, 1, 0, 1, 0, three, 0, 1, 0, 0}, values, 1e-6f);
    Files.writeString(rows, "colour\nblue\n");
    assertEquals(
        rows + ": there is no column 'size', which the model was trained on; there are ['colour']",
        assertThrows(TarnException.class, () -> data.rows(rows, read, Shape.of(5))).getMessage());
  }

  @Test
  void numbersOfAnNpzFile() throws IOException {
    Path file = directory.resolve("a.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (String name : List.of("x", "z")) {
        Path npy = directory.resolve(name + ".npy");
        Npy.write(npy, HostTensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10));
        zip.putNextEntry(new ZipEntry(name + ".npy"));
        zip.write(Files.readAllBytes(npy));
      }
    }
    RunConfig config = parse("{npz: a.npz, targets: z, scale: 10}");
    assertEquals(false, config.classifies());
    Batch batch = all(config.data().load(1).split().train());
    assertEquals(Shape.of(8, 1), batch.feature().shape());
    for (int i = 0; i < 8; i++) {
      assertEquals(batch.target().get(i) * 10, batch.feature().get(i));
    }
  }

  @Test
  void trainingBatches() {
    DataConfig data =
        parse("{set: digits, shape: [1, 8, 8], augment: [noise: 1], prefetch: 1}").data();
    Dataset train = data.load(1).split().train();
    try (var changed = data.batches(train, 10);
        var plain = train.batch(10)) {
      changed.startEpoch(1, 1);
      plain.startEpoch(1, 1);
      HostTensor one = changed.load(0).feature();
      HostTensor other = plain.load(0).feature();
      double squares = 0;
      for (int i = 0; i < one.size(); i++) {
        squares += Math.pow(one.get(i) - other.get(i), 2);
      }
      // 640 draws of variance 1: the mean square lies within 5 standard deviations of 1
      assertEquals(1, squares / one.size(), 5 * Math.sqrt(2.0 / 640));
    }
  }

  private static final Pattern ROW = Pattern.compile("\\| `([\\w-]+)` \\| (.*?) \\| .*");

  /** The first two cells of the rows under each heading that names a kind in backquotes. */
  private static Map<String, Map<String, String>> documented() throws IOException {
    Map<String, Map<String, String>> kinds = new LinkedHashMap<>();
    Map<String, String> keys = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "data.md"))) {
      Matcher row = ROW.matcher(line);
      if (line.startsWith("#")) {
        keys = new LinkedHashMap<>();
        kinds.put(line.replaceAll("^#+ |`", ""), keys);
      } else if (row.matches()) {
        keys.put(row.group(1), row.group(2));
      }
    }
    return kinds;
  }

  @Test
  void everyKeyIsDocumentedWithItsDefault() throws IOException {
    Map<String, Map<String, String>> documented = documented();
    Map<String, String> minimal =
        Map.of(
            "set", "{set: iris}",
            "csv", "{csv: a}",
            "idx", "{idx: a, label: b}",
            "npz", "{npz: a}",
            "images", "{images: a}",
            "synthetic", "{synthetic: [4], examples: 12, classes: 3}");
    Map<String, List<String>> kinds = new LinkedHashMap<>(SourceConfig.KEYS);
    kinds.put("data", DataConfig.COMMON);
    for (String kind : kinds.keySet()) {
      Map<String, String> keys = new LinkedHashMap<>(documented.get(kind));
      if (kind.equals("set")) {
        keys.keySet().removeAll(Datasets.names());
      }
      assertEquals(new TreeSet<>(kinds.get(kind)), new TreeSet<>(keys.keySet()), kind);
      Map<String, Object> yaml = parse(minimal.getOrDefault(kind, "{set: iris}")).data().toYaml();
      for (Map.Entry<String, String> key : keys.entrySet()) {
        Object value = yaml.get(key.getKey());
        if (value instanceof List<?> list && list.isEmpty()) {
          value = null;
        }
        if (value == null || key.getValue().equals("must be given")) {
          assertTrue(List.of("none", "must be given").contains(key.getValue()), kind + key);
        } else if (value instanceof Number number) {
          assertEquals(number.doubleValue(), Double.parseDouble(key.getValue()), kind + key);
        } else {
          assertEquals(value.toString(), key.getValue(), kind + key);
        }
      }
    }
    assertEquals(
        AugmentConfig.KINDS,
        List.copyOf(documented.getOrDefault("Changes of training images", Map.of()).keySet()));
    List<String> sets =
        documented.get("set").keySet().stream().filter(Datasets.names()::contains).toList();
    assertEquals(Datasets.names(), sets);
  }

  @Test
  void examplesAreRight() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("..", "examples"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".yaml")).toList()) {
        RunConfig.read(file, List.of());
      }
    }
    assertNull(parse("{set: iris}").data().shape());
  }
}
