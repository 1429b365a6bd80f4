package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every bad input: exit code, one or two lines on standard error, nothing on standard output. */
final class BadInputTests {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void writeRunFile() throws IOException {
    file = Tarn.runFile(directory, 2, "reference");
  }

  private Tarn.Result train(String... more) {
    String[] args =
        Stream.concat(
                Stream.of("train", file.toString(), "--runs", directory.resolve("r").toString()),
                Arrays.stream(more))
            .toArray(String[]::new);
    return Tarn.run(args);
  }

  /** Trains for two epochs and gives the run directory. */
  private Path trained() {
    Tarn.Result result = train();
    assertEquals(0, result.code(), result.err());
    return directory.resolve("r").resolve("small-1");
  }

  private void assertFails(int code, Tarn.Result result, String... lines) {
    String err = result.err().replace(directory + "/", "");
    assertEquals(List.of(lines), err.lines().toList());
    assertEquals(code, result.code());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          train     | tarn: which run file? For example: tarn train examples/digits.yaml
          trian     | tarn: no command 'trian'; did you mean 'train'?
          train a b | tarn: one run file is expected, found [a, b]
          train --f | tarn: no option '--f'
          train x --epochs 3 | tarn: no option '--epochs'; did you mean 'train.epochs=...'?
          eval      | tarn: Missing required parameter: 'RUN_OR_FILE'
          eval --set all x | tarn: Invalid value for option '--set': expected one of [train, validation, test] (case-sensitive) but was 'all'
          predict a | tarn: Missing required parameter: 'INPUT'
          predict a b.csv -o c.json | tarn: c.json: predictions are CSV or JSON lines: name it .csv or .jsonl, or give --format
          """)
  void wrongArguments(String line, String message) {
    Tarn.Result result = Tarn.run(line.split(" "));
    assertEquals(2, result.code());
    assertEquals(message, result.errors().get(0));
    assertTrue(result.errors().get(1).startsWith("See 'tarn help"), result.err());
    assertEquals(2, result.errors().size());
    assertEquals("", result.out());
  }

  @Test
  void noArgumentsShowsHelpAndFails() {
    Tarn.Result result = Tarn.run();
    assertEquals(2, result.code());
    assertTrue(result.err().contains("tarn train examples/digits.yaml"));
  }

  @Test
  void unknownKeyNamesPlaceAndTheKeyMeant() throws IOException {
    Files.writeString(file, Files.readString(file).replace("epochs:", "epoch:"));
    assertFails(2, train(), "tarn: small.yaml:10:3: unknown key 'epoch'; did you mean 'epochs'?");
    assertFalse(Files.exists(directory.resolve("r")), "no run directory for a wrong run file");
  }

  @Test
  void overrideIsNamed() {
    assertFails(
        2,
        train("train.epochs=many"),
        "tarn: override 'train.epochs=many': train.epochs: expected an integer of at least 1,"
            + " found 'many'");
  }

  @Test
  void lastLayerMustFitTheClasses() throws IOException {
    Files.writeString(file, Files.readString(file).replace("dense: 3", "dense: 4"));
    assertFails(
        2,
        train(),
        "tarn: small.yaml:7:5: the last dense layer has 4 units, but iris has 3 classes; end the"
            + " model with '- dense: 3'");
  }

  @Test
  void missingFiles() {
    assertFails(2, Tarn.run("train", "no.yaml"), "tarn: no.yaml: no such file");
    assertFails(1, Tarn.run("eval", "no"), "tarn: no: no such file");
    assertFails(1, Tarn.run("train", "--resume", "no"), "tarn: no: no such run directory");
    assertFails(1, train("--init-from", "no.safetensors"), "tarn: no.safetensors: no such file");
    assertFails(
        1, train("data={csv: " + directory.resolve("no.csv") + "}"), "tarn: no.csv: no such file");
  }

  @Test
  void emptyRunDirectoryCannotBeResumed() throws IOException {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertFails(
        1,
        Tarn.run("train", "--resume", empty.toString()),
        "tarn: empty: holds no checkpoint (last.safetensors); start the training anew");
  }

  @Test
  void theRunThatWasMeantIsNamed() {
    Path runs = trained().getParent();
    String parent = "tarn: r: has runs in it and is none; give a run in it, such as r/small-1";
    assertFails(1, Tarn.run("train", "--resume", runs.toString()), parent);
    assertFails(1, Tarn.run("predict", runs.toString(), "x.csv"), parent);
    assertFails(1, train("--init-from", runs.toString()), parent);
    String missing = runs.resolve("small-9").toString();
    assertFails(
        1,
        Tarn.run("predict", missing, "x.csv"),
        "tarn: r/small-9: no such file; did you mean r/small-1?");
    assertFails(
        1,
        Tarn.run("train", "--resume", missing),
        "tarn: r/small-9: no such run directory; did you mean r/small-1?");
    assertFails(
        1, Tarn.run("eval", runs.resolve("other-1").toString()), "tarn: r/other-1: no such file");
  }

  @Test
  void aRunFileIsNoRun() throws IOException {
    String message = "tarn: small.yaml: a run file; give a run, as runs/small-1";
    assertFails(1, Tarn.run("eval", file.toString()), message);
    assertFails(1, Tarn.run("predict", file.toString(), "x.csv"), message);
    assertFails(1, train("--init-from", file.toString()), message);
    Path table = Files.writeString(directory.resolve("new.csv"), "1,2,3,4\n");
    assertFails(
        1,
        Tarn.run("predict", table.toString(), file.toString()),
        "tarn: new.csv: not a checkpoint; give a run, as runs/digits-1");
  }

  @Test
  void aDamagedCheckpointIsNoticedAndTheOtherNamed() throws IOException {
    Path run = trained();
    Path best = run.resolve("best.safetensors");
    byte[] bytes = Files.readAllBytes(best);
    Arrays.fill(bytes, bytes.length - 1000, bytes.length - 996, (byte) 0x11);
    Files.write(best, bytes);
    assertFails(
        1,
        Tarn.run("eval", run.toString()),
        "tarn: r/small-1/best.safetensors: damaged: it does not fit its checksum; take"
            + " r/small-1/last.safetensors (a program that changes the file must leave out its"
            + " metadata 'crc32c')");
    assertEquals(0, Tarn.run("eval", run.resolve("last.safetensors").toString()).code());
  }

  @Test
  void resumeTakesOnlyEpochsAndDevice() {
    String run = trained().toString();
    assertFails(
        2,
        Tarn.run("train", "--resume", run, "train.batch=4"),
        "tarn: override 'train.batch=4': --resume goes on exactly; only train.epochs,"
            + " data.directory and device may change; for other settings: --init-from r/small-1",
        "See 'tarn help train'.");
    assertFails(
        2,
        Tarn.run("train", file.toString(), "--resume", run),
        "tarn: --resume goes on with the saved settings: leave out small.yaml",
        "See 'tarn help train'.");
    assertFails(
        2,
        Tarn.run("train", "--resume", run, "train.epochs=0"),
        "tarn: override 'train.epochs=0': train.epochs: expected an integer of at least 1, found"
            + " '0'");
  }

  @Test
  void resumeRefusesFewerEpochsAndSaysWhenAllAreDone() throws IOException {
    Path run = trained();
    String before = Files.readString(run.resolve("config.yaml"));
    assertFails(
        2,
        Tarn.run("train", "--resume", run.toString(), "train.epochs=1"),
        "tarn: train.epochs=1: r/small-1 is in epoch 2 already; give at least that number");
    assertEquals(before, Files.readString(run.resolve("config.yaml")));
    Tarn.Result again = Tarn.ok("train", "--resume", run.toString());
    assertTrue(again.out().contains("already trained 2 of 2 epochs; "), again.out());
    assertFails(
        1,
        Tarn.run("train", "--resume", run.resolve("last.safetensors").toString()),
        "tarn: r/small-1/last.safetensors: is a file; give the run directory it is in");
  }

  @Test
  void overridesThatClashOrAreMisplacedSayWhatToWrite() {
    assertFails(
        2,
        train("data.csv=foo.csv"),
        "tarn: override 'data.csv=foo.csv': data has 'set' already; to replace it, write"
            + " 'data={csv: foo.csv}'");
    assertFails(
        2,
        train("train.optimizer.sgd.lr=0.1"),
        "tarn: override 'train.optimizer.sgd.lr=0.1': train.optimizer has 'adam' already; to"
            + " replace it, write 'train.optimizer={sgd: {lr: 0.1}}'");
    assertFails(
        2,
        train("epochs=3"),
        "tarn: override 'epochs=3': unknown key 'epochs'; did you mean 'train.epochs'?");
    assertFails(
        2,
        train("train.batch=\"8\""),
        "tarn: override 'train.batch=\"8\"': train.batch: expected an integer of at least 1,"
            + " found the quoted text '8'");
    assertFails(
        2,
        train("data.split=[0.5, 0.5]"),
        "tarn: override 'data.split=[0.5, 0.5]': data.split: expected three shares that add up to"
            + " 1, such as [0.8, 0.1, 0.1], found a list of 2");
  }

  @Test
  void linesFitEightyColumnsAndTheBatchIsTheRealOne() {
    Tarn.Result result = train("data={set: digits}", "model.4={dense: 10}", "train.batch=100000");
    assertEquals(0, result.code(), result.err());
    result
        .out()
        .lines()
        .filter(line -> line.matches("(data|model|epoch|test) .*"))
        .forEach(line -> assertTrue(line.length() <= 80, line));
    assertTrue(result.out().contains(" at batch 1,438"), result.out());
  }

  @Test
  void damagedCheckpoint() throws IOException {
    Path run = trained();
    byte[] whole = Files.readAllBytes(run.resolve("last.safetensors"));
    for (int keep : new int[] {0, 4, 100, whole.length - 1}) {
      Files.write(run.resolve("last.safetensors"), Arrays.copyOf(whole, keep));
      Tarn.Result result = Tarn.run("train", "--resume", run.toString());
      assertEquals(1, result.code());
      assertEquals(2, result.errors().size(), result.err());
      assertEquals("To start from its best weights: --init-from " + run, result.errors().get(1));
      assertTrue(
          result.err().startsWith("tarn: " + run + "/last.safetensors: damaged"), result.err());
    }
  }

  @Test
  void wrongModelForInitialWeights() {
    Path run = trained();
    Tarn.Result result = train("model.1={dense: 25}", "--init-from", run.toString());
    assertFails(
        1,
        result,
        "tarn: r/small-1/best.safetensors: tensor dense1.weight is f32[24,4], the model needs"
            + " f32[25,4]");
  }

  @Test
  void badTables() throws IOException {
    Path csv = directory.resolve("t.csv");
    Files.writeString(csv, "a,b,class\n1,2,0\n3,x,1\n");
    assertFails(
        1,
        train("data={csv: " + csv + "}"),
        "tarn: t.csv:3: column 2 ('b') is 'x', not a finite number; name the column under 'categorical' or"
            + " 'ignore'");
    Files.writeString(csv, "1,2,0\n3,4,1.5\n");
    assertFails(
        1,
        train("data={csv: " + csv + "}"),
        "tarn: t.csv:2: the class in column 3 is '1.5', not a whole number; numbers to predict go"
            + " under 'targets'");
    Files.writeString(csv, "1,2,0\n3,1\n");
    assertFails(
        1, train("data={csv: " + csv + "}"), "tarn: t.csv:2: 2 fields where the first line has 3");
    Files.writeString(csv, "1\n0\n");
    assertFails(
        1,
        train("data={csv: " + csv + "}"),
        "tarn: t.csv: one column; expected features and, in the last column, the class");
    Files.writeString(csv, "1,2,3\n");
    assertFails(
        1,
        Tarn.run("predict", trained().toString(), csv.toString()),
        "tarn: t.csv: 3 columns; the model was trained on 4 features");
  }

  @Test
  void runsDirectoryThatCannotBeMade() throws IOException {
    Path plain = Files.writeString(directory.resolve("plain"), "x");
    Tarn.Result result =
        Tarn.run("train", file.toString(), "--runs", plain.resolve("runs").toString());
    assertEquals(1, result.code());
    assertEquals(1, result.errors().size(), result.err());
    assertTrue(result.err().contains("a run directory cannot be made"), result.err());
    assertFails(
        1,
        Tarn.run("train", file.toString(), "--runs", plain.toString()),
        "tarn: plain: is a file; run directories need a directory");
  }

  @Test
  void nonFiniteLossNamesStepOperationAndLine() throws IOException {
    Tarn.Result result =
        train("train.optimizer={sgd: {lr: 1e30}}", "model={}", "model=[dense: 8, dense: 3]");
    assertEquals(1, result.code());
    assertEquals(2, result.errors().size(), result.err());
    assertTrue(
        result
            .errors()
            .get(0)
            .matches("tarn: step [23] \\(epoch 1\\): \\w+ .*gave NaN or infinity.*"),
        result.err());
    Files.writeString(
        file,
        Files.readString(file)
            .replace("adam: {lr: 0.01}", "sgd: {lr: 1e30}")
            .replace("tanh", "relu"));
    result = train();
    assertEquals(1, result.code());
    assertTrue(result.errors().get(0).contains("(small.yaml:"), result.err());
    Path inspection = directory.resolve("r/small-2/inspection.txt");
    assertTrue(result.errors().get(1).endsWith(" " + inspection), result.err());
    String table = Files.readString(inspection);
    assertTrue(table.contains("softmax_cross_entropy"), table);
    assertFalse(table.contains("Training.java"), table);
  }

  @Test
  void unknownDeviceAndUnavailableDeviceNumber() {
    assertFails(
        2,
        train("device=gpu"),
        "tarn: override 'device=gpu': device: expected auto, cpu, cuda, cuda:1 (a device's number)"
            + " or reference, found 'gpu'");
  }

  @Test
  void debugShowsTheStackTrace() {
    Tarn.Result result = Tarn.run("eval", "no", "--debug");
    assertEquals(1, result.code());
    assertEquals("tarn: no: no such file", result.errors().get(0));
    assertTrue(result.err().contains("at dev.tarn.cli.SavedModel"), result.err());
  }

  /** Layers of an override have no line, and Tarn's own places help nobody. */
  @Test
  void aLayerOfAnOverrideHasNoPlaceInTarn() throws Exception {
    Path file = directory.resolve("net.yaml");
    Files.writeString(
        file,
        """
        data: {set: iris}
        model: [dense: 3]
        train: {optimizer: adam, epochs: 1, batch: 16}
        device: cpu
        """);
    List<String> command =
        Tarn.command(
            List.of(), "summary", file.toString(), "model=[conv2d: {filters: 4, kernel: 3}]");
    Tarn.Result result = new Tarn.Child(command).await();
    assertEquals(
        List.of("tarn: conv2d conv2d1: needs [N, C, H, W], was given [1,4]"), result.errors());
  }
}
