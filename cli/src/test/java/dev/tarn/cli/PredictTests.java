package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.predict.Predictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code tarn predict} gives for a row does not depend on the rows beside it. */
final class PredictTests {
  @TempDir private Path directory;

  private List<String> predict(Path run, List<String> rows) throws IOException {
    Path table = directory.resolve("rows.csv");
    Files.writeString(table, String.join("\n", rows) + "\n");
    Tarn.Result result = Tarn.ok("predict", run.toString(), table.toString(), "--device", "cpu");
    return result.out().lines().skip(1).toList();
  }

  @Test
  void aRowHasTheSameBitsInAnyCompany() throws IOException {
    Path file = directory.resolve("flowers.yaml");
    Files.writeString(
        file,
        """
        data: {set: iris, normalize: standard}
        model: [dense: 128, relu, dense: 64, tanh, dense: 3]
        train: {optimizer: {adam: {lr: 0.01}}, epochs: 3, batch: 16}
        device: cpu
        """);
    Tarn.ok("train", file.toString(), "--no-report", "--runs", directory.resolve("r").toString());
    Path run = directory.resolve("r/flowers-1");
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 37; i++) {
      rows.add(
          String.format("%.1f,%.1f,%.1f,%.1f", 4 + i * 0.1, 2 + i * 0.05, 1 + i * 0.13, i * 0.06));
    }
    List<String> together = predict(run, rows);
    assertEquals(37, together.size());
    assertEquals(together.subList(0, 3), predict(run, rows.subList(0, 3)));
    try (Predictor predictor = Predictor.of(run).device("cpu").build()) {
      for (int i = 0; i < rows.size(); i++) {
        assertEquals(List.of(together.get(i)), predict(run, rows.subList(i, i + 1)));
        String[] texts = rows.get(i).split(",");
        float[] numbers = new float[texts.length];
        for (int j = 0; j < numbers.length; j++) {
          numbers[j] = Float.parseFloat(texts[j]);
        }
        float[] p = predictor.predict(numbers).values();
        String expected = String.format("%s,%s,%s", p[0], p[1], p[2]);
        assertEquals(expected, together.get(i).substring(together.get(i).indexOf(',') + 1));
      }
    }
  }

  @Test
  void categoriesThatTrainingDidNotSeeAreWarnedOf() throws Exception {
    StringBuilder table = new StringBuilder("town,size,kind\n");
    for (int i = 0; i < 60; i++) {
      table.append(i % 3 == 0 ? "Bern,3,a\n" : i % 3 == 1 ? "Oslo,5,b\n" : ",5,b\n");
    }
    Files.writeString(directory.resolve("towns.csv"), table);
    Path file = directory.resolve("towns.yaml");
    Files.writeString(
        file,
        """
        data: {csv: towns.csv, label: kind, categorical: [town], missing: [""]}
        model: [dense: 2]
        train: {optimizer: {adam: {lr: 0.01}}, epochs: 1, batch: 16}
        device: cpu
        """);
    Tarn.ok("train", file.toString(), "--no-report", "--runs", directory.resolve("r").toString());
    Path rows = directory.resolve("new.csv");
    Files.writeString(rows, "town,size\nParis,3\noslo,5\nBern,5\n,5\nParis,4\n");
    List<String> command =
        Tarn.command(
            List.of(), "predict", directory.resolve("r/towns-1").toString(), rows.toString());
    Tarn.Result result = new Tarn.Child(command).await();
    assertEquals(
        List.of(
            "tarn: warning: "
                + rows
                + ": column 'town': training did not see 'Paris', 'oslo', and takes them for"
                + " missing; it saw 'Bern', 'Oslo'"),
        result.errors());
    assertEquals(6, result.out().lines().count());
  }
}
