package dev.tarn.cli;

import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Updates;
import dev.tarn.report.Classified;
import dev.tarn.report.Finding;
import dev.tarn.report.History;
import dev.tarn.report.LayerRow;
import dev.tarn.report.Report;
import dev.tarn.report.ReportData;
import dev.tarn.train.Evaluation;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.train.Verdict;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes the report of a training. Only here are the classes that draw, which take long to load.
 *
 * @param config the training
 * @param split its data
 * @param labels the names of the classes; empty if they have none
 * @param model the model
 * @param backend the device
 * @param verdicts what was found in how the training went
 */
record Reporting(
    RunConfig config,
    Dataset.Split split,
    List<String> labels,
    Sequential model,
    Backend backend,
    List<Verdict> verdicts) {
  private static final int MISTAKES = 20;
  private static final int MOST_CLASSES = 100;

  /**
   * Writes report.html and the pictures.
   *
   * @param trainer with the weights to be judged
   * @param test loss and metrics over the test data, or null
   * @return the report
   * @throws TarnException if it cannot be written, or there are no fonts
   */
  Path write(Path run, Trainer trainer, Batches batches, @Nullable Evaluation test) {
    ReportData.Builder data =
        ReportData.of(String.valueOf(run.getFileName()), History.read(run))
            .configuration(config.toYaml())
            .environment(environment())
            .groups(groups(batches.count()));
    if (test != null) {
      data.test(test);
    }
    classify(data, trainer);
    data.findings(
        verdicts.stream()
            .map(
                verdict ->
                    new Finding(
                        Finding.Severity.valueOf(verdict.severity().name()), verdict.toString()))
            .toList());
    List<Spec> features = split.train().features();
    data.layers(layers(features));
    TrainStep step = trainer.prepare(batches);
    Spec[] specs =
        features.stream().map(one -> one.prepend(batches.batchSize())).toArray(Spec[]::new);
    data.program(step.programs(specs).get(0));
    ReportData built = data.build();
    Path report = Report.write(run, built);
    Report.writePictures(run.resolve("pictures"), built, false);
    return report;
  }

  private void classify(ReportData.Builder data, Trainer trainer) {
    boolean tested = split.test().size() > 0;
    Dataset examples = tested ? split.test() : split.validation();
    int classes = examples.classes();
    if (config.classifies() && examples.size() > 0 && classes > 1 && classes <= MOST_CLASSES) {
      List<String> names =
          labels.isEmpty()
              ? IntStream.range(0, classes).mapToObj(String::valueOf).toList()
              : labels;
      Classified classified = Classified.of(trainer, examples, names, MISTAKES);
      data.confusion(classified.confusion(), tested ? "test data" : "validation data")
          .mistakes(classified.mistakes());
    }
  }

  private List<LayerRow> layers(List<Spec> features) {
    return LayerTable.of(model, features).rows().stream()
        .filter(row -> row.depth() == 0)
        .map(row -> new LayerRow(row.name(), row.kind(), row.outputs(), row.parameters()))
        .toList();
  }

  private Map<String, Double> groups(int batches) {
    Map<String, Double> rates = new LinkedHashMap<>();
    for (Updates.Group group : config.train().updates(batches).groups()) {
      Optimizer optimizer = group.optimizer();
      rates.put(group.match(), optimizer == null ? 0 : optimizer.learningRate(1));
    }
    return rates;
  }

  private Map<String, String> environment() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Device", backend.name() + ": " + backend.description());
    facts.put("Precision", config.precision().toString());
    facts.put("Seed", String.valueOf(config.seed()));
    facts.put("Tarn", new Main.Version().getVersion()[0]);
    return facts;
  }
}
