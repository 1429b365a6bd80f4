package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Parameter;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.loss.Loss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a training minimises and measures: its terms, its metrics, and the sums over examples that
 * their means are made of.
 *
 * <p>The sums are those of each term, then of each metric, then of the weights of each term whose
 * examples are weighted.
 */
final class Objective {
  static final String TARGET = "target";

  private final List<Term> terms;
  private final List<Metric> metrics;
  private final Measured measured;
  private final List<State> sums = new ArrayList<>();

  Objective(List<Term> terms, List<Metric> metrics) {
    this(terms, metrics, List.of());
  }

  Objective(List<Term> terms, List<Metric> metrics, List<EvaluationMetric> evaluated) {
    if (terms.isEmpty()) {
      throw new TarnException("trainer: at least one loss is needed");
    }
    this.terms = List.copyOf(terms);
    this.metrics = List.copyOf(metrics);
    for (int i = 0; i < terms.size(); i++) {
      sums.add(sum(name(i)));
    }
    metrics.forEach(metric -> sums.add(sum(metric.name())));
    for (int i = 0; i < terms.size(); i++) {
      if (terms.get(i).loss().weighted()) {
        sums.add(sum(single() ? "weight" : "weight." + name(i)));
      }
    }
    List<String> names = IntStream.range(0, terms.size()).mapToObj(this::name).toList();
    this.measured = new Measured(single() ? List.of() : names, metrics, evaluated);
  }

  private static State sum(String name) {
    return State.zeros("sum." + name, Spec.f32());
  }

  private boolean single() {
    return terms.size() == 1;
  }

  private String name(int term) {
    String given = terms.get(term).name();
    if (single()) {
      return "loss";
    }
    return given != null ? given : "loss." + term;
  }

  /** The sums, in order. */
  List<State> sums() {
    return sums;
  }

  /** The means that sums over so many examples give. */
  Evaluation evaluation(double[] values, long examples) {
    double total = 0;
    Map<String, Double> means = new LinkedHashMap<>();
    means.put("loss", total);
    int weights = terms.size() + metrics.size();
    for (int i = 0; i < terms.size(); i++) {
      double weight = terms.get(i).loss().weighted() ? values[weights++] : examples;
      double mean = weight == 0 ? 0 : values[i] / weight;
      total += terms.get(i).weight() * mean;
      if (!single()) {
        means.put(name(i), mean);
      }
    }
    means.put("loss", total);
    for (int i = 0; i < metrics.size(); i++) {
      Metric metric = metrics.get(i);
      means.put(metric.name(), metric.ofMean(values[terms.size() + i] / examples));
    }
    return new Evaluation(means, examples);
  }

  /** What takes the predictions of an evaluation. */
  Measures measures() {
    return new Measures(measured.evaluated(), this);
  }

  /** Whether an evaluation needs the predictions. */
  boolean readsPredictions() {
    return !measured.evaluated().isEmpty();
  }

  /** The number of the target of an output's first loss, or null if the data have none. */
  @Nullable Integer target(int output) {
    for (Term term : terms) {
      if (term.output() == output) {
        return term.constant() == null ? Integer.valueOf(term.target()) : null;
      }
    }
    return null;
  }

  /** What an epoch measures. */
  Measured measured() {
    return measured;
  }

  /** The spec of each target by its number, for a batch of which the outputs are given. */
  private Map<Integer, Spec> targets(List<Spec> outputs) {
    Map<Integer, Spec> specs = new TreeMap<>();
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      if (term.constant() != null) {
        continue;
      }
      Spec spec = term.loss().target(outputs.get(term.output()));
      Spec other = specs.putIfAbsent(term.target(), spec);
      if (other != null && !other.equals(spec)) {
        throw new TarnException(
            String.format(
                "loss: target %d is %s for one loss and %s for %s",
                term.target(), other.withoutFirst(), spec.withoutFirst(), name(i)));
      }
    }
    return specs;
  }

  /** Refuses terms and metrics of outputs that a model does not have, or targets that differ. */
  void checkOutputs(List<Spec> outputs) {
    for (int i = 0; i < terms.size(); i++) {
      checkOutput(name(i), terms.get(i).output(), outputs);
    }
    for (Metric metric : metrics) {
      checkOutput("metric " + metric.name(), metric.output(), outputs);
      if (terms.stream().noneMatch(term -> term.output() == metric.output())) {
        throw new TarnException(
            String.format(
                "metric %s: output %d has no loss, so no target", metric.name(), metric.output()));
      }
    }
    for (EvaluationMetric metric : measured.evaluated()) {
      checkOutput("metric " + metric.name(), metric.output(), outputs);
    }
    targets(outputs);
  }

  private static void checkOutput(String what, int output, List<Spec> outputs) {
    if (output >= outputs.size()) {
      throw new TarnException(
          String.format(
              "%s: is of output %d, but the model has %d, numbered from 0",
              what, output, outputs.size()));
    }
  }

  /** Refuses data whose targets are not those of the losses. */
  void checkTargets(List<Spec> outputs, List<Spec> given) {
    targets(outputs)
        .forEach(
            (number, spec) -> {
              Spec needed = spec.withoutFirst();
              if (number >= given.size()) {
                throw new TarnException(
                    String.format(
                        "data: an example has targets %s, but target %d (from 0) must be %s",
                        given, number, needed));
              }
              if (!needed.equals(given.get(number))) {
                Term term =
                    terms.stream()
                        .filter(t -> t.constant() == null && t.target() == number)
                        .findFirst()
                        .orElseThrow();
                throw new TarnException(
                    String.format(
                        "data: an example's target%s is %s, but %s needs %s: choose another loss"
                            + " or a model with as many outputs as targets",
                        given.size() == 1 ? "" : " " + number,
                        given.get(number),
                        term.loss(),
                        needed));
              }
            });
  }

  /** Refuses several terms of which one weighs its examples where gradients are added up. */
  void checkAccumulates() {
    if (!single() && terms.stream().anyMatch(term -> term.loss().weighted())) {
      throw new TarnException(
          "loss: of several losses none may weigh its examples (class weights, ignored examples)"
              + " when an update has several batches: use larger batches instead");
    }
  }

  /**
   * The terms that train each parameter.
   *
   * @throws TarnException if a term trains none, or none trains a parameter
   */
  List<List<Integer>> termsOf(List<Parameter> parameters) {
    if (parameters.isEmpty()) {
      return List.of();
    }
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      if (parameters.stream().noneMatch(p -> term.trainsParameter(p.name()))) {
        throw new TarnException(
            String.format(
                "%s: no parameter to train is called '%s'; there are %s",
                name(i),
                term.trains(),
                String.join(", ", parameters.stream().map(Parameter::name).toList())));
      }
    }
    return parameters.stream().map(this::termsOf).toList();
  }

  private List<Integer> termsOf(Parameter parameter) {
    List<Integer> all =
        IntStream.range(0, terms.size())
            .filter(i -> terms.get(i).trainsParameter(parameter.name()))
            .boxed()
            .toList();
    if (all.isEmpty()) {
      throw new TarnException(
          "loss: no loss trains " + parameter.name() + ": freeze it, or let one train it");
    }
    return all;
  }

  /** Warns of outputs that a softmax made probabilities before their cross-entropy. */
  void warnOfSoftmax(Trace trace, List<Tensor> outputs) {
    LogitsCheck.warn(terms, trace, outputs);
  }

  /** What the model predicts: for each output what its first loss makes of it. */
  List<Tensor> predictions(List<Tensor> outputs) {
    return predictions(terms, outputs);
  }

  /** What a model trained by these terms predicts; an output without a loss is given as it is. */
  static List<Tensor> predictions(List<Term> terms, List<Tensor> outputs) {
    List<Tensor> predictions = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      int output = i;
      predictions.add(
          terms.stream()
              .filter(term -> term.output() == output)
              .findFirst()
              .map(term -> term.loss().prediction(outputs.get(output)))
              .orElse(outputs.get(output)));
    }
    return predictions;
  }

  /**
   * Traces the losses of a batch, whose targets become inputs.
   *
   * @param examples how many the batch has
   * @throws ShapeException if a loss does not give one number per example
   */
  Losses losses(Trace trace, List<Tensor> outputs, int examples) {
    Map<Integer, Spec> specs = targets(outputs.stream().map(Tensor::spec).toList());
    boolean numbered = specs.keySet().stream().anyMatch(number -> number > 0);
    List<Tensor> targets = new ArrayList<>();
    List<Tensor> perExample = new ArrayList<>();
    List<@Nullable Tensor> weights = new ArrayList<>();
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      Tensor output = outputs.get(term.output());
      Double constant = term.constant();
      Spec spec = term.loss().target(output.spec());
      Tensor target =
          constant != null
              ? filled(trace, spec, constant)
              : trace.input(numbered ? TARGET + "." + term.target() : TARGET, spec);
      targets.add(target);
      perExample.add(checked(name(i), term.loss().perExample(output, target), trace, examples));
      weights.add(
          term.loss().weighted()
              ? checked(name(i) + ": weights", term.loss().weights(output, target), trace, examples)
                  .sum()
              : null);
    }
    return new Losses(outputs, targets, perExample, weights, examples);
  }

  /** Refuses what is not one number per example: means over examples would be wrong. */
  private static Tensor checked(String what, @Nullable Tensor given, Trace trace, int examples) {
    Spec needed = Spec.f32(examples);
    if (given != null && given.spec().equals(needed)) {
      return given;
    }
    String place =
        trace.nodes().stream()
            .filter(node -> given != null && node.outputs().contains(given.value()))
            .findFirst()
            .map(node -> node.origin().suffix())
            .orElse("");
    throw new ShapeException(
        String.format(
            "%s: gave %s, needs %s: one number per example%s",
            what, given == null ? "null" : given.spec(), needed, place));
  }

  private static Tensor filled(Trace trace, Spec spec, double value) {
    if (spec.dtype() == DType.I32) {
      int[] values = new int[spec.shape().intSize()];
      Arrays.fill(values, (int) value);
      return trace.constant(HostTensor.of(values, spec.shape()));
    }
    return trace.constant(value).broadcastTo(spec.shape());
  }

  /** The losses of a batch. */
  final class Losses {
    private final List<Tensor> outputs;
    private final List<Tensor> targets;
    private final List<Tensor> perExample;
    private final List<@Nullable Tensor> weights;
    private final int examples;

    private Losses(
        List<Tensor> outputs,
        List<Tensor> targets,
        List<Tensor> perExample,
        List<@Nullable Tensor> weights,
        int examples) {
      this.outputs = outputs;
      this.targets = targets;
      this.perExample = perExample;
      this.weights = weights;
      this.examples = examples;
    }

    /** The weighted sum of some terms' means over the batch. */
    Tensor mean(List<Integer> some) {
      return total(some, this::mean);
    }

    /** The weighted sum of all terms' means over the batch. */
    Tensor mean() {
      return mean(IntStream.range(0, terms.size()).boxed().toList());
    }

    private Tensor mean(int term) {
      Tensor losses = perExample.get(term);
      Tensor weight = weights.get(term);
      return weight == null ? losses.mean() : Loss.over(losses.sum(), weight);
    }

    /** The weighted sum of some terms' sums over the batch. */
    Tensor sum(List<Integer> some) {
      return total(some, term -> perExample.get(term).sum());
    }

    private Tensor total(List<Integer> some, IntFunction<Tensor> value) {
      Tensor total = null;
      for (int i : some) {
        double factor = terms.get(i).weight();
        Tensor part = factor == 1 ? value.apply(i) : value.apply(i).mul(factor);
        total = total == null ? part : total.add(part);
      }
      return Objects.requireNonNull(total);
    }

    /** What the batch's examples weigh together, where their sum is divided by it. */
    Tensor weight() {
      Tensor weight = weights.get(0);
      Tensor losses = perExample.get(0);
      return weight != null ? weight : losses.trace().constant(losses.shape().size());
    }

    /** The sums after this batch. */
    Map<State, Tensor> sums(Trace trace) {
      List<Tensor> values = new ArrayList<>();
      perExample.forEach(losses -> values.add(losses.sum()));
      for (Metric metric : metrics) {
        int first = 0;
        while (terms.get(first).output() != metric.output()) {
          first++;
        }
        Tensor output = outputs.get(metric.output());
        Tensor each = metric.perExample(output, targets.get(first));
        values.add(checked("metric " + metric.name(), each, trace, examples).sum());
      }
      for (Tensor weight : weights) {
        if (weight != null) {
          values.add(weight);
        }
      }
      Map<State, Tensor> after = new LinkedHashMap<>();
      for (int i = 0; i < values.size(); i++) {
        after.put(sums.get(i), trace.state(sums.get(i)).add(values.get(i)));
      }
      return after;
    }
  }
}
