package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Diagnosis;
import dev.tarn.train.Metric;
import dev.tarn.train.Metrics;
import dev.tarn.train.NonFiniteException;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What does not fit a model of several inputs, outputs or losses is named. */
final class GraphErrorTests {
  private static final HostTensor VECTORS = HostTensor.zeros(Spec.f32(4, 5));
  private static final HostTensor WORDS = HostTensor.zeros(Spec.i32(4, 3));
  private static final HostTensor LABELS = HostTensor.zeros(Spec.i32(4));
  private static final HostTensor WANTED = HostTensor.zeros(Spec.f32(4, 2));
  private static final Dataset FITTING =
      ArrayDataset.of(List.of(VECTORS, WORDS), List.of(LABELS, WANTED), 4, 0);
  private static final Term CLASSES = Term.of(0, Losses.crossEntropy());
  private static final Term VALUE = Term.of(1, Losses.mse());

  private static Trainer.Builder builder(Backend backend, Module model, Term... terms) {
    return Trainer.of(model, backend).losses(terms).optimizer(Sgd.lr(0.1));
  }

  private static void assertError(String message, Runnable action) {
    TarnException e = assertThrows(TarnException.class, action::run);
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  private static void assertFitError(String message, Dataset data, Term... terms) {
    assertFitError(message, data, builder -> {}, terms);
  }

  private static void assertFitError(
      String message, Dataset data, Consumer<Trainer.Builder> more, Term... terms) {
    try (Backend backend = new ReferenceBackend()) {
      Trainer.Builder builder = builder(backend, new GraphModels.TwoInputs(), terms);
      assertError(
          message,
          () -> {
            more.accept(builder);
            try (Trainer trainer = builder.build()) {
              trainer.fit(data.batch(2), null, 1);
            }
          });
    }
  }

  @Test
  void features() {
    List<HostTensor> targets = List.of(LABELS, WANTED);
    assertFitError(
        "TwoInputs: takes 2 inputs, was given 1",
        ArrayDataset.of(List.of(VECTORS), targets),
        CLASSES,
        VALUE);
    assertFitError(
        "embedding words: needs numbers, i32, was given f32[1,5]",
        ArrayDataset.of(List.of(VECTORS, VECTORS), targets),
        CLASSES,
        VALUE);
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            builder(backend, new Mlp(4, 4, 4, 0), Term.of(0, Losses.crossEntropy())).build()) {
      assertError(
          "Mlp: takes one input, was given 2: a model of several inputs extends MultiModule",
          () -> trainer.fit(FITTING.batch(2), null, 1));
    }
    try (Backend backend = new ReferenceBackend();
        Trainer trainer = builder(backend, new GraphModels.TwoInputs(), CLASSES, VALUE).build()) {
      trainer.fit(FITTING.batch(4), null, 1);
      assertEquals(2, trainer.predict(List.of(VECTORS, WORDS)).size());
      assertError(
          "data: examples are [f32[5]], the model was made for [f32[5], i32[3]]",
          () -> trainer.predict(VECTORS));
      assertError(
          "data: examples are [f32[5], f32[5]], the model was made for [f32[5], i32[3]]",
          () -> trainer.predict(List.of(VECTORS, VECTORS)));
      assertError(
          "batch: f32[4,5] and i32[2,3] have not as many examples",
          () -> trainer.predict(List.of(VECTORS, HostTensor.zeros(Spec.i32(2, 3)))));
    }
  }

  @Test
  void targets() {
    List<HostTensor> features = List.of(VECTORS, WORDS);
    assertFitError(
        "data: an example has targets [i32[]], but target 1 (from 0) must be f32[2]",
        ArrayDataset.of(features, List.of(LABELS)),
        CLASSES,
        VALUE);
    assertFitError(
        "data: an example's target 0 is f32[2], but CrossEntropy",
        ArrayDataset.of(features, List.of(WANTED, WANTED)),
        CLASSES,
        VALUE);
    assertFitError(
        "data: an example's target 1 is f32[5], but mse needs f32[2]",
        ArrayDataset.of(features, List.of(LABELS, VECTORS)),
        CLASSES,
        VALUE);
    assertFitError(
        "loss: target 0 is i32[] for one loss and f32[2] for loss.1",
        FITTING,
        CLASSES,
        VALUE.target(0));
    try (Backend backend = new ReferenceBackend();
        TrainStep step =
            new TrainStep(
                backend,
                new GraphModels.TwoInputs(),
                List.of(CLASSES, VALUE),
                Updates.of(Sgd.lr(0.1)),
                List.of(),
                FITTING.features(),
                0)) {
      assertError(
          "batch: has 1 targets; the model and its losses need at least 2",
          () -> step.train(1, new Batch(features, List.of(LABELS))));
    }
  }

  @Test
  void namesAndPatterns() {
    assertFitError(
        "loss.1: is of output 2, but the model has 2, numbered from 0",
        FITTING,
        CLASSES,
        Term.of(2, Losses.mse()));
    assertFitError("loss: two terms are called 'a'", FITTING, CLASSES.named("a"), VALUE.named("a"));
    assertFitError("loss: two terms are called 'loss'", FITTING, CLASSES.named("loss"), VALUE);
    assertFitError(
        "metric: another is called 'accuracy' already",
        FITTING,
        builder -> builder.metrics(Metrics.accuracy(), Metrics.accuracy()),
        CLASSES,
        VALUE);
    assertFitError(
        "metric accuracy.7: is of output 7, but the model has 2",
        FITTING,
        builder -> builder.metrics(Metrics.accuracy().on(7)),
        CLASSES,
        VALUE);
    assertFitError(
        "metric mine: output 1 has no loss, so no target",
        FITTING,
        builder -> builder.metrics(Metrics.accuracy().on(1, "mine")),
        CLASSES.trains("*"));
    assertFitError(
        "loss.1: no parameter to train is called 'valeu.*'; there are words.weight",
        FITTING,
        CLASSES,
        VALUE.trains("valeu.*"));
    assertFitError(
        "loss: no loss trains words.weight: freeze it, or let one train it",
        FITTING,
        CLASSES.trains("classes.*"),
        VALUE.trains("value.*"));
    assertFitError(
        "loss: of several losses none may weigh its examples",
        FITTING,
        builder -> builder.updates(Updates.of(Sgd.lr(0.1)).accumulate(2)),
        Term.of(0, Losses.crossEntropy().ignoreIndex(-1)),
        VALUE);
    assertError("outputs and targets are numbered from 0", () -> Term.of(-1, Losses.mse()));
    assertError("a weight must be finite, not NaN", () -> VALUE.weight(Double.NaN));
  }

  /** What is not one number per example would make every mean wrong. */
  @Test
  void lossesAndMetricsPerExample() {
    assertRefused(
        "loss: gave f32[], needs f32[2]: one number per example (GraphErrorTests.java:",
        new Made((o, t) -> o.softmaxCrossEntropy(t).sum(0), null));
    assertRefused(
        "loss: gave f32[2,1], needs f32[2]: one number per example (GraphErrorTests.java:",
        new Made((o, t) -> o.softmaxCrossEntropy(t).reshape(2, 1), null));
    assertRefused(
        "loss: gave null, needs f32[2]: one number per example", new Made((o, t) -> null, null));
    assertRefused(
        "loss: weights: gave f32[], needs f32[2]: one number per example (GraphErrorTests.java:",
        new Made((o, t) -> o.softmaxCrossEntropy(t), (o, t) -> o.max(1).sum(0)));
    Metric sum =
        new Metric() {
          @Override
          public String name() {
            return "largest";
          }

          @Override
          public Tensor perExample(Tensor output, Tensor target) {
            return output.max(1).sum(0);
          }
        };
    assertRefused(
        "metric largest: gave f32[], needs f32[2]: one number per example (GraphErrorTests.java:",
        Losses.crossEntropy(),
        sum);
    assertRefused(
        "metric mine: gave f32[], needs f32[2]: one number per example (GraphErrorTests.java:",
        Losses.crossEntropy(),
        sum.on(0, "mine"));
  }

  private static void assertRefused(String message, Loss loss, Metric... metrics) {
    Dataset data = new ArrayDataset(VECTORS, LABELS, 3);
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            builder(backend, new Mlp(5, 4, 3, 0), Term.of(0, loss)).metrics(metrics).build()) {
      ShapeException e =
          assertThrows(ShapeException.class, () -> trainer.fit(data.batch(2), null, 1));
      assertTrue(e.getMessage().startsWith(message), e::getMessage);
    }
  }

  /** A loss of classes, with weights if they are given. */
  private record Made(BinaryOperator<Tensor> rule, @Nullable BinaryOperator<Tensor> weigh)
      implements Loss {
    @Override
    public Tensor perExample(Tensor output, Tensor target) {
      return rule.apply(output, target);
    }

    @Override
    public boolean weighted() {
      return weigh != null;
    }

    @Override
    public Tensor weights(Tensor output, Tensor target) {
      return weigh == null ? Loss.super.weights(output, target) : weigh.apply(output, target);
    }

    @Override
    public Spec target(Spec output) {
      return Spec.i32(output.shape().dim(0));
    }

    @Override
    public Tensor prediction(Tensor output) {
      return output;
    }
  }

  @Test
  void whatABuilderLacksIsNamed() {
    try (Backend backend = new ReferenceBackend()) {
      Module model = Activation.relu();
      String loss = "trainer: a loss is needed, such as .loss(Losses.crossEntropy())";
      assertError(loss, () -> Trainer.of(model, backend).optimizer(Sgd.lr(0.1)).build());
      assertError(loss, () -> Trainer.of(model, backend).build());
      assertError(
          "trainer: an optimizer is needed, such as .optimizer(Adam.lr(1e-3))",
          () -> Trainer.of(model, backend).loss(Losses.mse()).build());
    }
  }

  /** A term that trains some parameters leaves the others to the rest, or frozen. */
  @Test
  void frozenParametersNeedNoLoss() {
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            builder(
                    backend,
                    new GraphModels.TwoInputs(),
                    CLASSES.trains("classes.*"),
                    VALUE.trains("value.*"))
                .updates(
                    Updates.of(Sgd.lr(0.1)).freeze("words.*").freeze("image.*").freeze("shared.*"))
                .build()) {
      assertEquals(1, trainer.fit(FITTING.batch(4), null, 1).size());
    }
  }

  @Test
  void aModelWithoutParametersIsEvaluated() {
    try (Backend backend = new ReferenceBackend();
        Trainer trainer = builder(backend, Activation.relu(), Term.of(0, Losses.mse())).build()) {
      HostTensor x = HostTensor.of(new float[] {3, -3}, 2, 1);
      assertEquals(4.5, trainer.evaluate(ArrayDataset.ofNumbers(x, x)).loss());
    }
  }

  /** The first update has two steps, of which the second overflows. */
  @Test
  void noLearningRateIsTooHighBeforeAnUpdate() {
    HostTensor x = HostTensor.of(new float[] {1, 1e30f}, 2, 1);
    try (Backend backend = new ReferenceBackend();
        Batches batches = new Batches(ArrayDataset.ofNumbers(x, x), 1, false);
        Trainer trainer =
            Trainer.of(Dense.units(1), backend)
                .loss(Losses.mse())
                .updates(Updates.of(Sgd.lr(0.1)).accumulate(2))
                .build()) {
      NonFiniteException e =
          assertThrows(NonFiniteException.class, () -> trainer.fit(batches, null, 1));
      assertEquals(2, e.step());
      assertTrue(e.getMessage().contains("No update was made yet: look at"), e::getMessage);
      assertFalse(Diagnosis.of(e).toString().contains("learning rate"), e::getMessage);
    }
  }

  @Test
  void anUnknownWordIsNamed() {
    HostTensor words = HostTensor.of(new int[] {0, 1, 20}, 1, 3);
    Dataset data = new ArrayDataset(words, HostTensor.of(new int[1], 1), 3);
    try (Backend backend = new ReferenceBackend();
        Trainer trainer = builder(backend, new GraphModels.Text(), CLASSES).build()) {
      NonFiniteException e =
          assertThrows(NonFiniteException.class, () -> trainer.fit(data.batch(1), null, 1));
      assertTrue(
          e.getMessage().contains(": number 20 is not in the vocabulary of 20"), e::getMessage);
    }
  }

  @Test
  void aCheckpointOfOtherLossesOrInputs(@TempDir Path directory) {
    Path file = directory.resolve("two.safetensors");
    try (Backend backend = new ReferenceBackend();
        Trainer trainer = builder(backend, new GraphModels.TwoInputs(), CLASSES, VALUE).build();
        Trainer one = builder(backend, new GraphModels.TwoInputs(), CLASSES).build();
        Trainer other = builder(backend, new GraphModels.Text(), CLASSES).build()) {
      trainer.fit(FITTING.batch(4), null, 1);
      trainer.save(file);
      assertError(
          "two.safetensors: trained with 2 losses and metrics, not 1", () -> one.resume(file));
      other.predict(WORDS);
      assertError(
          "two.safetensors: was trained on examples of [f32[5], i32[3]], these are [i32[3]]",
          () -> other.load(file));
    }
  }
}
