package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Program;
import dev.tarn.loss.Loss;
import dev.tarn.nn.Module;
import dev.tarn.optim.Optimizer;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  private final Module model;
  private final Loss loss;
  private final Optimizer optimizer;
  private final List<Metric> metrics;
  private final List<ParameterGroup> groups;
  private final State flag = State.zeros("flag", Spec.i32());
  private final List<State> accumulators = new ArrayList<>();

  StepPrograms(Module model, Loss loss, Optimizer optimizer, List<Metric> metrics, Shape features) {
    this.model = model;
    this.loss = loss;
    this.optimizer = optimizer;
    this.metrics = metrics;
    // The first pass over the model makes its parameters.
    Trace shapes = new Trace();
    model.forward(shapes.input(FEATURES, Spec.f32(features.prepend(1))), Mode.EVAL);
    this.groups = ParameterGroup.of(model.parameters(), optimizer);
    accumulators.add(State.zeros("sum.loss", Spec.f32()));
    metrics.forEach(metric -> accumulators.add(State.zeros("sum." + metric.name(), Spec.f32())));
  }

  List<ParameterGroup> groups() {
    return groups;
  }

  State flag() {
    return flag;
  }

  /** The sums over examples of the loss and of each metric. */
  List<State> accumulators() {
    return accumulators;
  }

  /** Everything that lives in the state store. */
  List<State> states() {
    List<State> all = new ArrayList<>();
    groups.forEach(group -> all.addAll(group.arenas()));
    all.addAll(model.buffers());
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
    Tensor mean = perExample.mean();

    List<Tensor> parameters = new ArrayList<>();
    List<State> gradientStates = new ArrayList<>();
    for (ParameterGroup group : groups) {
      for (int i = 0; i < group.parameters().members().size(); i++) {
        parameters.add(trace.state(group.parameters().members().get(i)));
        gradientStates.add(group.gradients().members().get(i));
      }
    }
    List<Tensor> gradients = Gradient.of(mean, parameters);
    for (int i = 0; i < gradients.size(); i++) {
      trace.update(gradientStates.get(i), gradients.get(i));
    }

    List<Tensor> checked = new ArrayList<>(List.of(mean));
    checked.addAll(gradients);
    Tensor raised = trace.firstNonFinite(trace.state(flag), checked);
    trace.update(flag, raised);
    Tensor fine = isZero(trace, raised);
    Map<State, Tensor> gated = new LinkedHashMap<>(modelUpdates);
    gated.putAll(sums(trace, perExample, output, target));
    gated.forEach(
        (state, value) -> trace.update(state, fine.select(value, trace.initialState(state))));
    trace.output("loss", mean);
    return trace.build("gradients");
  }

  /** The optimizer's update of every group. */
  Program apply() {
    Trace trace = new Trace();
    Tensor fine = isZero(trace, trace.state(flag));
    List<Tensor> scalars =
        optimizer.scalars().stream().map(name -> trace.input(name, Spec.f32())).toList();
    for (ParameterGroup group : groups) {
      Tensor parameter = trace.state(group.parameters());
      List<Tensor> moments = group.moments().stream().map(state -> trace.state(state)).toList();
      Optimizer.Next next =
          optimizer.next(
              parameter, trace.state(group.gradients()), moments, scalars, group.decays());
      trace.update(group.parameters(), fine.select(next.parameter(), parameter));
      for (int i = 0; i < moments.size(); i++) {
        trace.update(group.moments().get(i), fine.select(next.moments().get(i), moments.get(i)));
      }
    }
    return trace.build("apply");
  }

  /** Forward without randomness: the sums. */
  Program evaluate(Spec features) {
    Trace trace = new Trace();
    Tensor output = model.forward(trace.input(FEATURES, features), Mode.EVAL);
    Tensor target = trace.input(TARGET, loss.target(output.spec()));
    Tensor perExample = loss.perExample(output, target);
    sums(trace, perExample, output, target).forEach(trace::update);
    return trace.build("evaluate");
  }

  /** Forward without randomness: what the model predicts. */
  Program predict(Spec features) {
    Trace trace = new Trace();
    Tensor output = model.forward(trace.input(FEATURES, features), Mode.EVAL);
    trace.output(PREDICTION, loss.prediction(output));
    return trace.build("predict");
  }

  private Map<State, Tensor> sums(Trace trace, Tensor perExample, Tensor output, Tensor target) {
    Map<State, Tensor> sums = new LinkedHashMap<>();
    sums.put(accumulators.get(0), trace.state(accumulators.get(0)).add(perExample.sum()));
    for (int i = 0; i < metrics.size(); i++) {
      State state = accumulators.get(i + 1);
      Tensor sum = metrics.get(i).perExample(output, target).sum();
      sums.put(state, trace.state(state).add(sum));
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
