package dev.tarn.report;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Dataset;
import dev.tarn.ir.Program;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Metrics;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** Data that the tests draw. */
final class Samples {
  static final String RUN_FILE =
      """
      name: small-cnn
      data:
        set: digits
        shape: [1, 8, 8]
      model:
        - conv2d: {filters: 4, kernel: 3, padding: same}
        - relu
        - flatten
        - dense: 10
      train:
        optimizer:
          adam: {lr: 0.01}
        epochs: 1
        batch: 32
      device: reference
      """;

  private Samples() {}

  static RunConfig config() {
    return RunConfig.parse(RUN_FILE, "small-cnn.yaml", Path.of(""), List.of());
  }

  /** What a step of a small convolutional network computes. */
  static Program program() {
    RunConfig config = config();
    Dataset data = config.load().split().train();
    try (ReferenceBackend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(config.modelFor(data), backend)
                .loss(config.train().loss())
                .updates(config.train().updates(1))
                .metrics(Metrics.accuracy())
                .build()) {
      TrainStep step = trainer.prepare(data.batch(32));
      return step.programs(Spec.f32(data.featureShape().prepend(32))).get(0);
    }
  }

  static History history(int epochs, IntFunction<Map<String, Double>> values) {
    List<History.Epoch> list = new ArrayList<>();
    for (int i = 1; i <= epochs; i++) {
      list.add(new History.Epoch(i, 45L * i, values.apply(i), values.apply(i + 1), 0.01, 0.5));
    }
    return new History(list);
  }

  static History history() {
    return history(
        20,
        i -> {
          Map<String, Double> values = new LinkedHashMap<>();
          values.put("loss", 2.0 / i);
          values.put("accuracy", 1 - 0.9 / i);
          return values;
        });
  }

  /** A report in which every part is present, and every text is {@code text}. */
  static ReportData full(String text) {
    Map<String, Double> values = Map.of("loss", 0.1, text, 0.9);
    List<Double> x = List.of(1e-5, 1e-4, 1e-3, 1e-2);
    HostTensor image = HostTensor.of(new float[] {0, 0.25f, 0.5f, 1}, 1, 2, 2);
    return ReportData.of(text, history(3, i -> Map.of("loss", 1.0 / i, text, 0.5 * i)))
        .test(new Evaluation(values, 180))
        .learningRate(new Curve(List.of(1.0, 2.0, 3.0), List.of(0.1, 0.05, 0.01)))
        .finder(new Curve(x, List.of(2.3, 2.2, 1.0, 4.0)), 5e-4)
        .confusion(
            new ConfusionMatrix(new int[][] {{7, 1}, {2, 9}}, List.of(text, text + "2")), text)
        .mistakes(List.of(new Mistake(image, text, text, 0.75)))
        .findings(List.of(new Finding(Finding.Severity.WARNING, text)))
        .layers(List.of(new LayerRow(text, text, text, 1234)))
        .program(program())
        .configuration(text)
        .environment(Map.of(text, text))
        .build();
  }

  /** Parses XML, which throws if it is not well-formed; nothing is loaded from outside. */
  static Document parse(String xml) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    DocumentBuilder builder = factory.newDocumentBuilder();
    return builder.parse(new InputSource(new StringReader(xml)));
  }
}
