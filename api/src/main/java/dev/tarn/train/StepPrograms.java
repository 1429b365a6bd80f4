package dev.tarn.train;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Program;
import dev.tarn.loss.Loss;
import dev.tarn.nn.Module;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Updates;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
  static final String PREDICTION = "prediction";

  /** The input that is 0 in the first step of an update and 1 in the others. */
  static final String KEEP = "keep";

  private final Module model;
  private final Objective objective;
  private final Updates updates;
  private final Grouping grouping;
  private final List<Spec> outputs;
  private final List<List<Integer>> terms;
  private final State flag = State.zeros("flag", Spec.i32());
  private final State weight = State.zeros("gradient_weight", Spec.f32());
  private boolean logitsChecked;

  /** Makes the model's parameters in a first pass over it. */
  StepPrograms(Module model, Objective objective, Updates updates, List<Spec> features) {
    this.model = model;
    this.objective = objective;
    this.updates = updates;
    List<Spec> one = features.stream().map(f -> f.prepend(1)).toList();
    this.outputs = forward(new Trace(), one, Mode.EVAL).stream().map(Tensor::spec).toList();
    objective.checkOutputs(outputs);
    if (accumulates()) {
      objective.checkAccumulates();
    }
    this.grouping = Grouping.of(model.parameters(), updates);
    this.terms = objective.termsOf(trained());
  }

  private List<Tensor> forward(Trace trace, List<Spec> features, Mode mode) {
    return forward(model, trace, features, mode);
  }

  /**
   * A model's outputs for inputs that are named as batches fill them.
   *
   * @throws dev.tarn.TarnException if the model uses what is not part of it, or gives null
   */
  static List<Tensor> forward(Module model, Trace trace, List<Spec> features, Mode mode) {
    List<Tensor> inputs = new ArrayList<>();
    for (Spec spec : features) {
      String name = features.size() == 1 ? FEATURES : FEATURES + "." + inputs.size();
      inputs.add(trace.input(name, spec));
    }
    return Belonging.check(model, trace, model.forward(inputs, mode));
  }

  /** How many examples the batch of given features has. */
  static int examples(List<Spec> features) {
    return features.get(0).shape().dim(0);
  }

  /** The parameters that are trained, in the order of their groups. */
  private List<Parameter> trained() {
    List<Parameter> trained = new ArrayList<>();
    for (ParameterGroup group : groups()) {
      group.parameters().members().forEach(member -> trained.add((Parameter) member));
    }
    return trained;
  }

  List<ParameterGroup> groups() {
    return grouping.trained();
  }

  /** What the gradients of an update must be divided by where it has several steps. */
  State weight() {
    return weight;
  }

  State flag() {
    return flag;
  }

  /** The number of the model's outputs. */
  int outputs() {
    return outputs.size();
  }

  /** Refuses data whose targets are not those of the losses. */
  void checkTargets(List<Spec> given) {
    objective.checkTargets(outputs, given);
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

  /** The sums over examples. */
  List<State> accumulators() {
    return objective.sums();
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
    all.addAll(accumulators());
    return all;
  }

  /** Forward and backward: gradients into their arenas, the flag, the sums. */
  Program gradients(List<Spec> features) {
    Trace trace = new Trace();
    List<Tensor> results = forward(trace, features, Mode.TRAIN);
    Map<State, Tensor> modelUpdates = trace.updates();
    if (!logitsChecked) {
      logitsChecked = true;
      objective.warnOfSoftmax(trace, results);
    }
    Objective.Losses losses = objective.losses(trace, results, examples(features));
    Tensor mean = losses.mean();
    List<Tensor> gradients = gradients(trace, losses);
    List<State> gradientStates = new ArrayList<>();
    groups().forEach(group -> gradientStates.addAll(group.gradients().members()));
    for (int i = 0; i < gradients.size(); i++) {
      trace.update(gradientStates.get(i), kept(trace, gradientStates.get(i), gradients.get(i)));
    }
    if (accumulates()) {
      trace.update(weight, kept(trace, weight, losses.weight()));
    }

    List<Tensor> checked = new ArrayList<>(List.of(mean));
    checked.addAll(gradients);
    Tensor raised = trace.firstNonFinite(trace.state(flag), checked);
    trace.update(flag, raised);
    Tensor fine = isZero(trace, raised);
    Map<State, Tensor> gated = new LinkedHashMap<>(modelUpdates);
    gated.putAll(losses.sums(trace));
    gated.forEach(
        (state, value) -> trace.update(state, fine.select(value, trace.initialState(state))));
    trace.output("loss", mean);
    return trace.build("gradients");
  }

  /** The gradient of every parameter by the terms that train it. */
  private List<Tensor> gradients(Trace trace, Objective.Losses losses) {
    List<Parameter> parameters = trained();
    Map<Parameter, Tensor> gradients = new HashMap<>();
    for (List<Integer> some : new LinkedHashSet<>(terms)) {
      List<Parameter> alike = new ArrayList<>();
      for (int i = 0; i < parameters.size(); i++) {
        if (terms.get(i).equals(some)) {
          alike.add(parameters.get(i));
        }
      }
      // Over several batches the sum's gradients are added up, and divided by what they weigh.
      Tensor minimised = accumulates() ? losses.sum(some) : losses.mean(some);
      List<Tensor> by = alike.stream().map(trace::state).toList();
      List<Tensor> found = Gradient.of(minimised, by);
      for (int i = 0; i < found.size(); i++) {
        gradients.put(alike.get(i), found.get(i));
      }
    }
    return parameters.stream().map(gradients::get).toList();
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
    for (int g = 0; g < groups().size(); g++) {
      ParameterGroup group = groups().get(g);
      Optimizer optimizer = group.optimizer();
      List<Tensor> scalars =
          optimizer.scalars().stream()
              .map(name -> trace.input(group.input(name), Spec.f32()))
              .toList();
      Tensor parameter = trace.state(group.parameters());
      List<Tensor> moments = group.moments().stream().map(state -> trace.state(state)).toList();
      Optimizer.Next next =
          optimizer.next(parameter, gradients.get(g), moments, scalars, group.decays());
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

  /** Forward without randomness: the sums, and what the model predicts if that is measured. */
  Program evaluate(List<Spec> features) {
    Trace trace = new Trace();
    List<Tensor> results = forward(trace, features, Mode.EVAL);
    objective.losses(trace, results, examples(features)).sums(trace).forEach(trace::update);
    if (objective.readsPredictions()) {
      objective.predictions(results).forEach(tensor -> trace.output(PREDICTION, tensor));
    }
    return trace.build("evaluate");
  }

  /** Forward without randomness: what the model predicts, one output for each of its own. */
  Program predict(List<Spec> features) {
    Trace trace = new Trace();
    for (Tensor prediction : objective.predictions(forward(trace, features, Mode.EVAL))) {
      trace.output(PREDICTION, prediction);
    }
    return trace.build("predict");
  }

  /** Forward as in training, to look at the loss and activations. */
  Probe probe(List<Spec> features, boolean all) {
    return Probe.of(model, objective, features, all);
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
