package dev.tarn;

import dev.tarn.internal.Philox;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Custom;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Node;
import dev.tarn.ir.Op;
import dev.tarn.ir.Origin;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Records what is done with symbolic tensors into a {@link Program}.
 *
 * <p>Data enters only as an {@link #input input}, a {@link #state state} or a {@link #constant
 * constant}. A trace is used by one thread; nothing about it is global.
 */
public final class Trace {
  /** The name of the input that holds the training's seed, i32[2], low word first. */
  public static final String SEED = "seed";

  /** The name of the input that holds the number of the step, i32[], from 1. */
  public static final String STEP = "step";

  private static final StackWalker STACK = StackWalker.getInstance();
  private static final List<String> INTERNAL =
      List.of(
          "java.",
          "dev.tarn.Tensor",
          "dev.tarn.Trace",
          "dev.tarn.Passes",
          "dev.tarn.transform.",
          "dev.tarn.nn.",
          "dev.tarn.loss.",
          "dev.tarn.optim.",
          "dev.tarn.train.",
          "dev.tarn.config.",
          "dev.tarn.predict.",
          "dev.tarn.cli.",
          "picocli.");

  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Map<State, Tensor> states = new LinkedHashMap<>();
  private final List<Node> body = new ArrayList<>();
  private final List<Program.Output> outputs = new ArrayList<>();
  private final Map<State, Tensor> updates = new LinkedHashMap<>();
  private final Map<String, Integer> draws = new HashMap<>();
  private final Passes passes = new Passes();
  private @Nullable Origin scope;
  private int nextId;

  /** An empty trace. */
  public Trace() {}

  /**
   * A value that every run is given. Asking again for the same name gives the same tensor.
   *
   * @throws ShapeException if the name is taken by an input of another spec
   */
  public Tensor input(String name, Spec spec) {
    Tensor input = inputs.computeIfAbsent(name, n -> new Tensor(this, new Value(nextId++, spec)));
    if (!input.spec().equals(spec)) {
      throw failure("input " + name + " is " + input.spec() + ", not " + spec);
    }
    return input;
  }

  /** What a state holds: its value at the start of the run, or the last {@link #update}. */
  public Tensor state(State state) {
    Tensor updated = updates.get(state);
    return updated != null ? updated : initialState(state);
  }

  /** What a state holds at the start of the run, whatever updates it has had. */
  public Tensor initialState(State state) {
    return states.computeIfAbsent(state, s -> new Tensor(this, new Value(nextId++, s.spec())));
  }

  /** A number, rounded to f32. */
  public Tensor constant(double value) {
    return constant(HostTensor.of(new double[] {value}, Shape.SCALAR));
  }

  /** Data that is part of the program; it must not be changed afterwards. */
  public Tensor constant(HostTensor data) {
    return add(new Constant(data)).get(0);
  }

  /**
   * Makes a state hold a value at the end of the run.
   *
   * @throws ShapeException if the spec is another than the state's
   */
  public void update(State state, Tensor value) {
    if (!state.spec().equals(value.spec())) {
      throw failure("update: " + value.spec() + " does not fit state " + state);
    }
    updates.put(state, value);
  }

  /** Makes every run give a value under a name; what is bf16 is given as f32. */
  public void output(String name, Tensor value) {
    boolean short16 = value.spec().dtype() == DType.BF16;
    outputs.add(new Program.Output(name, (short16 ? value.cast(DType.F32) : value).value()));
  }

  /** The updates made so far, in order. */
  public Map<State, Tensor> updates() {
    return new LinkedHashMap<>(updates);
  }

  /**
   * A mask for inverted dropout: {@code 1 / (1 - rate)} with probability {@code 1 - rate}, else 0.
   *
   * @param path what names the random stream, usually the module's path; draws from the same path
   *     in one trace are told apart by their order
   */
  public Tensor dropoutMask(String path, Shape shape, float rate) {
    int ordinal = draws.merge(path, 1, Integer::sum) - 1;
    long stream = Philox.stream("dropout/" + path + "/" + ordinal);
    Tensor seed = input(SEED, Spec.i32(2));
    Tensor step = input(STEP, Spec.i32());
    return add(new DropoutMask(shape, stream, 1 - rate), seed, step).get(0);
  }

  /**
   * The number of the first step with a non-finite value: {@code flag} if it is not zero, else the
   * number of this step if any of the tensors has a NaN or an infinity, else 0; i32[].
   */
  public Tensor firstNonFinite(Tensor flag, List<Tensor> tensors) {
    List<Tensor> operands = new ArrayList<>(List.of(flag, input(STEP, Spec.i32())));
    operands.addAll(tensors);
    return add(new FirstNonFinite(), operands.toArray(Tensor[]::new)).get(0);
  }

  /**
   * Records an operation.
   *
   * @return its outputs
   * @throws ShapeException if the inputs do not fit; the message ends with the user's source line
   */
  public List<Tensor> add(Op op, Tensor... operands) {
    Origin origin = origin();
    List<Value> values = new ArrayList<>();
    for (Tensor operand : operands) {
      if (operand.trace() != this) {
        throw new IllegalArgumentException(
            op.name() + ": an operand belongs to another trace" + origin.suffix());
      }
      values.add(operand.value());
    }
    List<Spec> specs;
    try {
      specs = op.infer(values.stream().map(Value::spec).toList());
    } catch (ShapeException e) {
      throw new ShapeException(e.getMessage() + origin.suffix());
    }
    List<Value> results = specs.stream().map(spec -> new Value(nextId++, spec)).toList();
    body.add(new Node(op, values, results, origin));
    return results.stream().map(value -> new Tensor(this, value)).toList();
  }

  /**
   * Records an operation that a user wrote.
   *
   * @return its outputs
   * @throws ShapeException if the inputs do not fit
   */
  public List<Tensor> custom(CustomOp op, Tensor... operands) {
    return add(new Custom(op), operands);
  }

  /** A message about shapes with the user's source line at its end, to be thrown. */
  public ShapeException failure(String message) {
    return new ShapeException(message + (scope != null ? scope : caller()).suffix());
  }

  /**
   * Records what {@code action} does as coming from a given place, but for what it places itself.
   */
  public <T> T at(Origin origin, Supplier<T> action) {
    Origin outer = scope;
    scope = origin;
    try {
      return action.get();
    } finally {
      scope = outer;
    }
  }

  /**
   * Records what {@code forward} does as done by a module, so that its nodes bear its name. A
   * module that is recorded by whoever calls it may do so itself, too.
   *
   * @param path what the module is called
   * @param inputs what it is given
   */
  public List<Tensor> in(
      Object module, String path, List<Tensor> inputs, Supplier<List<Tensor>> forward) {
    return passes.record(module, path, inputs, body, forward);
  }

  /** The uses of modules that were recorded so far, in the order in which they began. */
  public List<Pass> passes() {
    return passes.all();
  }

  /** A value of this trace as a tensor. */
  public Tensor tensor(Value value) {
    return new Tensor(this, value);
  }

  /** The nodes recorded so far. */
  public List<Node> nodes() {
    return List.copyOf(body);
  }

  /** The program recorded so far, verified. */
  public Program build(String name) {
    List<Program.Input> ins = new ArrayList<>();
    inputs.forEach((key, tensor) -> ins.add(new Program.Input(key, tensor.value())));
    Map<State, Value> read = new LinkedHashMap<>();
    states.forEach((state, tensor) -> read.put(state, tensor.value()));
    Map<State, Value> written = new LinkedHashMap<>();
    updates.forEach((state, tensor) -> written.put(state, tensor.value()));
    return ProgramVerifier.verify(new Program(name, ins, read, body, outputs, written));
  }

  private Origin origin() {
    Origin place = scope != null ? scope : caller();
    // What gives nodes the origin of others, as the gradient does, knows the layer already.
    return place.layer().isEmpty() ? place.in(passes.name()) : place;
  }

  /** The user's source line that called Tarn, for messages; {@link Origin#NONE} if not known. */
  public static Origin caller() {
    return STACK.walk(
        frames ->
            frames
                .filter(frame -> INTERNAL.stream().noneMatch(frame.getClassName()::startsWith))
                .filter(frame -> frame.getFileName() != null)
                .findFirst()
                .map(frame -> new Origin(frame.getFileName() + ":" + frame.getLineNumber()))
                .orElse(Origin.NONE));
  }
}
