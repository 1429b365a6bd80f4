package dev.tarn.train;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Program;
import dev.tarn.loss.Loss;
import dev.tarn.nn.Module;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Updates;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Traces the programs of a training: gradients, apply, evaluation, prediction.
 *
 * <p>The flag holds the number of the first step with a non-finite loss or gradient; once it is
 * raised no state changes any more.
 */
final class StepPrograms {
  static final String FEATURES = "features";
  static final String TARGET = "target";
  static final String PREDICTION = "prediction";

  /** The input that is 0 in the first step of an update and 1 in the others. */
  static final String KEEP = "keep";

  private final Module model;
  private final Loss loss;
  private final Updates updates;
  private final List<Metric> metrics;
  private final Grouping grouping;
  private final Spec target;
  private final State flag = State.zeros("flag", Spec.i32());
  private final State weight = State.zeros("gradient_weight", Spec.f32());
  private final List<State> accumulators = new ArrayList<>();

  StepPrograms(Module model, Loss loss, Updates updates, List<Metric> metrics, Shape features) {
    this.model = model;
    this.loss = loss;
    this.updates = updates;
    this.metrics = metrics;
    // The first pass over the model makes its parameters.
    Trace shapes = new Trace();
    Tensor output = model.forward(shapes.input(FEATURES, Spec.f32(features.prepend(1))), Mode.EVAL);
    this.target = loss.target(output.spec());
    this.grouping = Grouping.of(model.parameters(), updates);
    accumulators.add(State.zeros("sum.loss", Spec.f32()));
    metrics.forEach(metric -> accumulators.add(State.zeros("sum." + metric.name(), Spec.f32())));
    if (loss.weighted()) {
      accumulators.add(State.zeros("sum.weight", Spec.f32()));
    }
  }

  List<ParameterGroup> groups() {
    return grouping.trained();
  }

  State flag() {
    return flag;
  }

  /** Refuses data whose targets are not those of the loss. */
  void checkTarget(Spec given) {
    if (!target.equals(new Spec(given.dtype(), given.shape().prepend(1)))) {
      throw new TarnException(
          String.format(
              "data: an example's target is %s, but %s needs %s: choose another loss or a model"
                  + " with as many outputs as targets",
              given, loss, new Spec(target.dtype(), target.shape().withoutFirst())));
    }
  }

  boolean accumulates() {
    return updates.accumulate() > 1;
  }

  /** What an update's steps leave for the next one, where an update has several. */
  List<State> unfinished() {
    List<State> states = new ArrayList<>();
    if (accumulates()) {
      groups().forEach(group -> states.addAll(group.gradients().members()));
      states.add(weight);
    }
    return states;
  }

  /** The sums over examples of the loss, of each metric, and of the weights if there are any. */
  List<State> accumulators() {
    return accumulators;
  }

  /** Everything that lives in the state store. */
  List<State> states() {
    List<State> all = new ArrayList<>();
    groups().forEach(group -> all.addAll(group.arenas()));
    all.addAll(model.buffers());
    Arena frozen = grouping.frozen();
    if (frozen != null) {
      all.add(frozen);
    }
    if (accumulates()) {
      all.add(weight);
    }
    all.add(flag);
    all.addAll(accumulators);
    return all;
  }

  /** Forward and backward: gradients into their arenas, the flag, the sums. */
  Program gradients(Spec features) {
    Trace trace = new Trace();
    Tensor output = model.forward(trace.input(FEATURES, features), Mode.TRAIN);
    Tensor target = trace.input(TARGET, loss.target(output.spec()));
    Map<State, Tensor> modelUpdates = trace.updates();
    Tensor perExample = loss.perExample(output, target);
    Tensor weights = loss.weighted() ? loss.weights(output, target).sum() : null;
    Tensor mean = weights == null ? perExample.mean() : Loss.over(perExample.sum(), weights);

    List<Tensor> parameters = new ArrayList<>();
    List<State> gradientStates = new ArrayList<>();
    for (ParameterGroup group : groups()) {
      for (int i = 0; i < group.parameters().members().size(); i++) {
        parameters.add(trace.state(group.parameters().members().get(i)));
        gradientStates.add(group.gradients().members().get(i));
      }
    }
    // Over several batches the sum's gradients are added up, and divided by what they weigh.
    Tensor objective = accumulates() ? perExample.sum() : mean;
    List<Tensor> gradients = Gradient.of(objective, parameters);
    for (int i = 0; i < gradients.size(); i++) {
      trace.update(gradientStates.get(i), kept(trace, gradientStates.get(i), gradients.get(i)));
    }
    if (accumulates()) {
      Tensor examples = trace.constant(perExample.shape().size());
      trace.update(weight, kept(trace, weight, weights == null ? examples : weights));
    }

    List<Tensor> checked = new ArrayList<>(List.of(mean));
    checked.addAll(gradients);
    Tensor raised = trace.firstNonFinite(trace.state(flag), checked);
    trace.update(flag, raised);
    Tensor fine = isZero(trace, raised);
    Map<State, Tensor> gated = new LinkedHashMap<>(modelUpdates);
    gated.putAll(sums(trace, perExample, weights, output, target));
    gated.forEach(
        (state, value) -> trace.update(state, fine.select(value, trace.initialState(state))));
    trace.output("loss", mean);
    return trace.build("gradients");
  }

  /** A step's value added to what the update's steps before it left. */
  private Tensor kept(Trace trace, State state, Tensor value) {
    if (!accumulates()) {
      return value;
    }
    Tensor keep = trace.input(KEEP, Spec.f32());
    return keep.select(trace.state(state), trace.constant(0)).add(value);
  }

  /** The optimizer's update of every group. */
  Program apply() {
    Trace trace = new Trace();
    Tensor fine = isZero(trace, trace.state(flag));
    List<Tensor> gradients = clipped(trace);
    for (ParameterGroup group : groups()) {
      Optimizer optimizer = group.optimizer();
      List<Tensor> scalars =
          optimizer.scalars().stream()
              .map(name -> trace.input(group.input(name), Spec.f32()))
              .toList();
      Tensor parameter = trace.state(group.parameters());
      List<Tensor> moments = group.moments().stream().map(state -> trace.state(state)).toList();
      Optimizer.Next next =
          optimizer.next(
              parameter, gradients.get(groups().indexOf(group)), moments, scalars, group.decays());
      trace.update(group.parameters(), fine.select(next.parameter(), parameter));
      for (int i = 0; i < moments.size(); i++) {
        trace.update(group.moments().get(i), fine.select(next.moments().get(i), moments.get(i)));
      }
    }
    return trace.build("apply");
  }

  /** The mean gradients of each group, clipped by value, then all together by norm. */
  private List<Tensor> clipped(Trace trace) {
    List<Tensor> gradients = new ArrayList<>();
    for (ParameterGroup group : groups()) {
      Tensor gradient = trace.state(group.gradients());
      if (accumulates()) {
        gradient = Loss.over(gradient, trace.state(weight));
      }
      if (updates.clipValue() > 0) {
        Tensor limit = trace.constant(updates.clipValue());
        gradient = gradient.minimum(limit).maximum(limit.neg());
      }
      gradients.add(gradient);
    }
    if (updates.clipNorm() == 0) {
      return gradients;
    }
    Tensor squares = trace.constant(0);
    for (Tensor gradient : gradients) {
      squares = squares.add(gradient.mul(gradient).sum());
    }
    Tensor limit = trace.constant(updates.clipNorm());
    Tensor factor = limit.div(squares.sqrt().add(1e-6)).minimum(trace.constant(1));
    return gradients.stream().map(gradient -> gradient.mul(factor)).toList();
  }

  /** Forward without randomness: the sums. */
  Program evaluate(Spec features) {
    Trace trace = new Trace();
    Tensor output = model.forward(trace.input(FEATURES, features), Mode.EVAL);
    Tensor target = trace.input(TARGET, loss.target(output.spec()));
    Tensor perExample = loss.perExample(output, target);
    Tensor weights = loss.weighted() ? loss.weights(output, target).sum() : null;
    sums(trace, perExample, weights, output, target).forEach(trace::update);
    return trace.build("evaluate");
  }

  /** Forward without randomness: what the model predicts. */
  Program predict(Spec features) {
    Trace trace = new Trace();
    Tensor output = model.forward(trace.input(FEATURES, features), Mode.EVAL);
    trace.output(PREDICTION, loss.prediction(output));
    return trace.build("predict");
  }

  private Map<State, Tensor> sums(
      Trace trace, Tensor perExample, @Nullable Tensor weights, Tensor output, Tensor target) {
    Map<State, Tensor> sums = new LinkedHashMap<>();
    sums.put(accumulators.get(0), trace.state(accumulators.get(0)).add(perExample.sum()));
    for (int i = 0; i < metrics.size(); i++) {
      State state = accumulators.get(i + 1);
      Tensor sum = metrics.get(i).perExample(output, target).sum();
      sums.put(state, trace.state(state).add(sum));
    }
    if (weights != null) {
      State state = accumulators.get(accumulators.size() - 1);
      sums.put(state, trace.state(state).add(weights));
    }
    return sums;
  }

  private static Tensor isZero(Trace trace, Tensor flag) {
    return flag.equal(trace.constant(HostTensor.scalar(0)));
  }

  /** The parameters of the model, in order. */
  List<Parameter> parameters() {
    return model.parameters();
  }

  /** The model's states that are not parameters, in order. */
  List<State> buffers() {
    return model.buffers();
  }
}
