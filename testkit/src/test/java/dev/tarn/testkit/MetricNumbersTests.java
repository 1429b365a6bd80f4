package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Dataset;
import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Initializer;
import dev.tarn.optim.Sgd;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Average;
import dev.tarn.train.Confusion;
import dev.tarn.train.Evaluation;
import dev.tarn.train.EvaluationMetric;
import dev.tarn.train.Metric;
import dev.tarn.train.Metrics;
import dev.tarn.train.Trainer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Metrics against scikit-learn; the model is the identity, evaluated in batches. */
final class MetricNumbersTests {
  private static final JsonObject NUMBERS = PyTorchNumbers.read("metric_numbers").object();

  private static double[] numbers(String key) {
    return PyTorchNumbers.numbers(NUMBERS, key);
  }

  /** Rows, several times over, so that an evaluation has more than one batch. */
  private static HostTensor rows(double[] values, int width, int times) {
    float[] all = new float[values.length * times];
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) values[i % values.length];
    }
    return HostTensor.of(all, all.length / width, width);
  }

  private static double[] flat(String key) {
    return Arrays.stream(NUMBERS.getAsJsonArray(key).asList().toArray(JsonArray[]::new))
        .flatMapToDouble(row -> Arrays.stream(PyTorchNumbers.numbers(row)))
        .toArray();
  }

  private static Trainer identity(
      Backend backend, int width, Loss loss, List<Metric> means, List<EvaluationMetric> others) {
    Initializer eye =
        (shape, seed, path) -> {
          float[] values = new float[width * width];
          for (int i = 0; i < width; i++) {
            values[i * width + i] = 1;
          }
          return HostTensor.of(values, shape);
        };
    return Trainer.of(Dense.units(width).weights(eye).withoutBias(), backend)
        .loss(loss)
        .optimizer(Sgd.lr(1))
        .metrics(means.toArray(Metric[]::new))
        .evaluationMetrics(others.toArray(EvaluationMetric[]::new))
        .build();
  }

  private static Dataset classes(int times) {
    HostTensor scores = rows(flat("scores"), 4, times);
    for (int i = 0; i < scores.size(); i++) {
      scores.set(i, Math.log(scores.get(i)));
    }
    double[] labels = numbers("labels");
    int[] all = new int[labels.length * times];
    Arrays.setAll(all, i -> (int) labels[i % labels.length]);
    return ArrayDataset.of(List.of(scores), List.of(HostTensor.of(all, all.length)), 4);
  }

  @Test
  void ofClasses() {
    for (Average average : Average.values()) {
      try (Backend backend = new ReferenceBackend();
          Trainer trainer =
              identity(
                  backend,
                  4,
                  Losses.crossEntropy(),
                  List.of(Metrics.accuracy(), Metrics.topK(2)),
                  List.of(
                      Metrics.precision(average),
                      Metrics.recall(average),
                      Metrics.f1(average),
                      Metrics.auc()))) {
        Dataset data = classes(6);
        Evaluation evaluation = trainer.evaluate(data);
        assertEquals(NUMBERS.get("accuracy").getAsDouble(), evaluation.get("accuracy"), 1e-6);
        assertEquals(NUMBERS.get("top_2").getAsDouble(), evaluation.get("top_2"), 1e-6);
        assertEquals(NUMBERS.get("auc").getAsDouble(), evaluation.get("auc"), 1e-9);
        JsonArray expected = NUMBERS.getAsJsonArray(average.toString());
        List<String> names = List.of("precision", "recall", "f1");
        for (int i = 0; i < 3; i++) {
          double[] values = PyTorchNumbers.numbers(expected.get(i));
          for (int c = 0; c < values.length; c++) {
            String suffix =
                switch (average) {
                  case MACRO -> "";
                  case MICRO -> "_micro";
                  case PER_CLASS -> "." + c;
                };
            assertEquals(values[c], evaluation.get(names.get(i) + suffix), 1e-9);
          }
        }
        Confusion confusion = Confusion.of(trainer, data);
        JsonArray table = NUMBERS.getAsJsonArray("confusion");
        for (int t = 0; t < 4; t++) {
          double[] row = PyTorchNumbers.numbers(table.get(t));
          int truth = t;
          assertArrayEquals(
              row,
              java.util.stream.IntStream.range(0, 4)
                  .mapToDouble(p -> confusion.count(truth, p) / 6.0)
                  .toArray());
        }
      }
    }
  }

  @Test
  void ofYesAndNo() {
    Dataset data =
        ArrayDataset.ofNumbers(rows(numbers("probability"), 1, 1), rows(numbers("yes"), 1, 1));
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            identity(
                backend,
                1,
                Losses.binaryCrossEntropy(),
                List.of(Metrics.binaryAccuracy(0.5)),
                List.of(
                    Metrics.precision(Average.MACRO),
                    Metrics.recall(Average.MACRO),
                    Metrics.f1(Average.MACRO),
                    Metrics.auc()))) {
      Evaluation evaluation = trainer.evaluate(data);
      assertEquals(NUMBERS.get("binary_accuracy").getAsDouble(), evaluation.get("accuracy"), 1e-6);
      assertEquals(NUMBERS.get("binary_auc").getAsDouble(), evaluation.get("auc"), 1e-9);
      List<String> names = List.of("precision", "recall", "f1");
      for (int i = 0; i < 3; i++) {
        double value = PyTorchNumbers.numbers(NUMBERS.getAsJsonArray("binary").get(i))[0];
        assertEquals(value, evaluation.get(names.get(i)), 1e-9);
      }
    }
  }

  @Test
  void ofNumbers() {
    Dataset data = ArrayDataset.ofNumbers(rows(flat("outputs"), 2, 6), rows(flat("targets"), 2, 6));
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            identity(
                backend,
                2,
                Losses.mse(),
                List.of(Metrics.mae(), Metrics.rmse()),
                List.of(Metrics.r2()))) {
      Evaluation evaluation = trainer.evaluate(data);
      for (String name : List.of("mae", "rmse", "r2")) {
        assertEquals(NUMBERS.get(name).getAsDouble(), evaluation.get(name), 1e-5, name);
      }
    }
  }

  /** The share of examples whose prediction is the target's nearest whole number. */
  private static final Metric NEAREST =
      new Metric() {
        @Override
        public String name() {
          return "nearest";
        }

        @Override
        public Tensor perExample(Tensor output, Tensor target) {
          return output.sub(target).abs().neg().greater(-0.5).min(1);
        }
      };

  /** The largest error of all. */
  private static final EvaluationMetric LARGEST =
      new EvaluationMetric() {
        @Override
        public String name() {
          return "largest";
        }

        @Override
        public boolean higherIsBetter() {
          return false;
        }

        @Override
        public Accumulator accumulator() {
          Map<String, Double> largest = new LinkedHashMap<>();
          return new Accumulator() {
            @Override
            public void add(HostTensor prediction, HostTensor target) {
              for (int i = 0; i < target.size(); i++) {
                largest.merge("", Math.abs(prediction.get(i) - target.get(i)), Math::max);
              }
            }

            @Override
            public Map<String, Double> values() {
              return largest;
            }
          };
        }
      };

  @Test
  void aUsersOwnMetrics() {
    HostTensor outputs = HostTensor.of(new float[] {1, 2, 3, 4}, 4, 1);
    HostTensor targets = HostTensor.of(new float[] {1.25f, 2, 5, 4.75f}, 4, 1);
    try (Backend backend = new ReferenceBackend();
        Trainer trainer = identity(backend, 1, Losses.mse(), List.of(NEAREST), List.of(LARGEST))) {
      Evaluation evaluation = trainer.evaluate(ArrayDataset.ofNumbers(outputs, targets));
      assertEquals(0.5, evaluation.get("nearest"));
      assertEquals(2, evaluation.get("largest"));
    }
  }

  @Test
  void undefinedValues() {
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            identity(backend, 1, Losses.mse(), List.of(), List.of(Metrics.auc(), Metrics.r2()))) {
      HostTensor ones = HostTensor.of(new float[] {1, 1}, 2, 1);
      Evaluation evaluation = trainer.evaluate(ArrayDataset.ofNumbers(ones, ones));
      assertEquals(Double.NaN, evaluation.get("auc"));
      assertEquals(1, evaluation.get("r2"));
    }
    assertThrows(TarnException.class, () -> Metrics.topK(0));
    HostTensor two = HostTensor.of(new float[4], Shape.of(2, 2));
    assertThrows(TarnException.class, () -> new Confusion(0.5).add(two, two));
  }
}
