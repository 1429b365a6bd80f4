package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A part of a model: it may have parameters and children, and says how an input becomes an output.
 *
 * <p>Parameters and children are registered under explicit names; a parameter's path, such as
 * {@code encoder.fc1.weight}, is what checkpoints call it. Parameters may be made at the first
 * {@link #forward}, when the input's shape is known.
 */
public abstract class Module {
  private final Map<String, Module> children = new LinkedHashMap<>();
  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, State> buffers = new LinkedHashMap<>();
  private @Nullable Module parent;
  private String name = "";

  /** A module without a name yet: it gets one as a {@link #child} of another. */
  protected Module() {}

  /**
   * The output for a batch.
   *
   * @param x the input, its first axis the batch
   * @param mode what the pass is for
   * @throws ShapeException if the input does not fit
   */
  public abstract Tensor forward(Tensor x, Mode mode);

  /**
   * The outputs for a batch. A module of several inputs or outputs is a {@link MultiModule}; any
   * other has one of each.
   *
   * @param inputs the inputs, the first axis of each the batch
   * @param mode what the pass is for
   * @throws ShapeException if the inputs do not fit, or there is not one
   */
  public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
    if (inputs.size() != 1) {
      throw new ShapeException(
          String.format(
              "%s: takes one input, was given %d: a model of several inputs extends MultiModule",
              this, inputs.size()));
    }
    return List.of(pass(inputs.get(0), mode));
  }

  /** The output for a batch, recorded in the trace as this module's. */
  final Tensor pass(Tensor x, Mode mode) {
    return recorded(x, () -> given(forward(x, mode)));
  }

  private Tensor given(@Nullable Tensor output) {
    if (output == null) {
      throw new TarnException(this + ": its forward gave null; return a tensor");
    }
    return output;
  }

  /**
   * Records what {@code forward} does with an input as done by this module: its nodes bear the
   * module's path, and summaries know its output. The layers of this package do so; a module of
   * one's own is recorded where one of them, such as {@link Sequential}, uses it.
   */
  protected final Tensor recorded(Tensor x, Supplier<Tensor> forward) {
    return x.trace().in(this, path(), List.of(x), () -> List.of(forward.get())).get(0);
  }

  /**
   * Registers a part of this module.
   *
   * @return the child
   * @throws TarnException if the name is taken, or the child has a parent already
   */
  protected final <M extends Module> M child(String childName, M child) {
    Module other = child;
    if (children.putIfAbsent(childName, other) != null) {
      throw unfit("two children are named '" + childName + "'");
    }
    if (other.parent != null) {
      throw unfit("'" + childName + "' is part of another module, " + other.parent);
    }
    other.parent = this;
    other.name = childName;
    return child;
  }

  /** By its class alone: it is being made, and may not know its kind yet. */
  private TarnException unfit(String reason) {
    String type = getClass().getSimpleName();
    return new TarnException(
        (type.isEmpty() ? "module" : type) + ": " + reason + Trace.caller().suffix());
  }

  /**
   * The parameter of a name, made at the first call.
   *
   * @param shape its shape
   * @param initializer its values at the start, drawn from the training's seed and the path
   * @param decays whether weight decay applies
   * @throws ShapeException if it exists with another shape
   */
  protected final Parameter parameter(
      String parameterName, Shape shape, Initializer initializer, boolean decays) {
    Parameter parameter =
        parameters.computeIfAbsent(
            parameterName,
            key ->
                new Parameter(
                    () -> join(path(), key),
                    Spec.f32(shape),
                    seed -> initializer.create(shape, seed, join(path(), key)),
                    decays));
    checkShape(parameter, shape);
    return parameter;
  }

  /**
   * A state that is not learned, such as a running statistic, made at the first call.
   *
   * <p>Read it with {@link dev.tarn.Trace#state} and change it with {@link dev.tarn.Trace#update}
   * when the mode is {@link Mode#TRAIN}. Checkpoints and model files hold it beside the parameters;
   * a step with a non-finite loss or gradient does not change it.
   *
   * @param stateName its name, which no parameter of this module has
   * @param shape its shape; it is f32
   * @param initializer its value at the start
   * @throws ShapeException if it exists with another shape
   */
  protected final State state(String stateName, Shape shape, Initializer initializer) {
    State state =
        buffers.computeIfAbsent(
            stateName,
            key ->
                new State(
                    () -> join(path(), key),
                    Spec.f32(shape),
                    seed -> initializer.create(shape, seed, join(path(), key))));
    checkShape(state, shape);
    return state;
  }

  private static void checkShape(State state, Shape shape) {
    if (!state.spec().shape().equals(shape)) {
      throw new ShapeException(state + " was made for another input: this one needs " + shape);
    }
  }

  /** The module of which this is a {@link #child}; null for the root. */
  public final @Nullable Module parent() {
    return parent;
  }

  /** The names from the root to this module, joined by dots; empty for the root. */
  public final String path() {
    return parent == null ? name : join(parent.path(), name);
  }

  /** The children by name, in order. */
  public final Map<String, Module> children() {
    return new LinkedHashMap<>(children);
  }

  /** The parameters of this module and all below it, in order. */
  public final List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(parameters.values());
    children.values().forEach(child -> all.addAll(child.parameters()));
    return all;
  }

  /** The states of this module and all below it that are not parameters, in order. */
  public final List<State> buffers() {
    List<State> all = new ArrayList<>(buffers.values());
    children.values().forEach(child -> all.addAll(child.buffers()));
    return all;
  }

  /** What tables of layers and messages call it: the name of its class. */
  public String kind() {
    String type = getClass().getSimpleName();
    return type.isEmpty() ? "module" : type;
  }

  /** The kind with the path, for messages. */
  @Override
  public String toString() {
    String kind = kind();
    return path().isEmpty() ? kind : kind + " " + path();
  }

  private static String join(String path, String last) {
    return path.isEmpty() ? last : path + "." + last;
  }
}
