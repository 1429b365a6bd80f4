package dev.tarn.testkit;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.internal.RandomStream;
import dev.tarn.ir.Program;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One case of one operation, or of a few together: programs, the data of their inputs, and how
 * close results must be.
 *
 * <p>A case says nothing about how it is used; {@link BackendConformance} and {@link GradientCheck}
 * run each in several ways. To cover a new operation add a case to one of the lists in {@link
 * OpCases}.
 */
public final class OpCase {
  /** The seed of the data and of the initial states. */
  public static final long SEED = 20240117;

  /** Records a program and gives its outputs. */
  @FunctionalInterface
  public interface Body {
    /**
     * Records a program.
     *
     * @param trace where to record
     * @param in the program's inputs, in the order in which they were declared
     */
    List<Tensor> record(Trace trace, Tensor[] in);
  }

  private record Input(Spec spec, Fill fill) {}

  private record Part(String name, Body body, List<String> inputs) {}

  private final String name;
  private final Map<String, Input> inputs = new LinkedHashMap<>();
  private final List<Part> parts = new ArrayList<>();
  private final List<State> states = new ArrayList<>();
  private final Set<String> differentiable = new LinkedHashSet<>();
  private double tolerance = 1e-5;
  private int steps = 1;
  private @Nullable UnaryOperator<List<HostTensor>> expected;

  private OpCase(String name) {
    this.name = name;
  }

  /** A case without inputs, states and programs. */
  public static OpCase named(String name) {
    return new OpCase(name);
  }

  /** Declares an input through which no gradient is checked. */
  public OpCase input(String input, Spec spec, Fill fill) {
    inputs.put(input, new Input(spec, fill));
    return this;
  }

  /** Declares an f32 input by which the outputs can be differentiated at the data it gets. */
  public OpCase by(String input, Spec spec, Fill fill) {
    differentiable.add(input);
    return input(input, spec, fill);
  }

  /** Declares a state; an arena brings its members. */
  public OpCase state(State state) {
    states.add(state);
    return this;
  }

  /** Appends a program that takes every input declared so far. */
  public OpCase program(Body body) {
    return program(body, inputs.keySet().toArray(String[]::new));
  }

  /** Appends a program that takes the named inputs. */
  public OpCase program(Body body, String... takes) {
    parts.add(new Part("p" + parts.size(), body, List.of(takes)));
    return this;
  }

  /**
   * Sets how far results may be off, relative to the larger of one and the value; 1e-5 if unset.
   */
  public OpCase within(double relative) {
    tolerance = relative;
    return this;
  }

  /** Sets how many times the step is run, each time with other data; once if unset. */
  public OpCase steps(int count) {
    steps = count;
    return this;
  }

  /** Sets what the outputs are, bit for bit, for given inputs; also checked on the reference. */
  public OpCase exactly(UnaryOperator<List<HostTensor>> outputs) {
    expected = outputs;
    return this;
  }

  /** What the case is about. */
  public String name() {
    return name;
  }

  /** How far results may be off, relative to the larger of one and the value. */
  public double tolerance() {
    return tolerance;
  }

  /** How many times the step is run. */
  public int steps() {
    return steps;
  }

  /** The states that a store for this case holds. */
  public List<State> states() {
    return List.copyOf(states);
  }

  /** The inputs by which the outputs can be differentiated. */
  public Set<String> differentiable() {
    return new LinkedHashSet<>(differentiable);
  }

  /** The names of all inputs, in order. */
  public List<String> inputNames() {
    return List.copyOf(inputs.keySet());
  }

  /** The programs of the step, traced anew. */
  public List<Program> programs() {
    List<Program> programs = new ArrayList<>();
    for (Part part : parts) {
      Trace trace = new Trace();
      List<Tensor> outputs = record(part, trace);
      for (int i = 0; i < outputs.size(); i++) {
        trace.output("y" + i, outputs.get(i));
      }
      programs.add(trace.build(part.name));
    }
    return programs;
  }

  /** The data of one run, by the inputs' names. */
  public Map<String, HostTensor> data(int step) {
    Map<String, HostTensor> data = new LinkedHashMap<>();
    inputs.forEach(
        (input, is) -> {
          RandomStream random = new RandomStream(SEED, name + "/" + input + "/" + step);
          data.put(input, is.fill.make(is.spec, random, step));
        });
    return data;
  }

  /** What the outputs are, bit for bit, for the data of a step; null if that is not known. */
  public @Nullable List<HostTensor> expected(int step) {
    return expected == null ? null : expected.apply(new ArrayList<>(data(step).values()));
  }

  /**
   * This case with one output, a scalar: the sum of all f32 outputs, each element times a random
   * weight.
   */
  public OpCase loss() {
    return derived("loss of ", (trace, in) -> List.of(weightedSum(trace, in)));
  }

  /** The case whose outputs are the gradients of {@link #loss} by the differentiable inputs. */
  public OpCase gradient() {
    return derived(
        "gradient of ",
        (trace, in) -> {
          List<Tensor> by = new ArrayList<>();
          List<String> names = inputNames();
          for (int i = 0; i < names.size(); i++) {
            if (differentiable.contains(names.get(i))) {
              by.add(in[i]);
            }
          }
          return Gradient.of(weightedSum(trace, in), by);
        });
  }

  private OpCase derived(String prefix, Body body) {
    if (parts.size() != 1 || differentiable.isEmpty()) {
      throw new IllegalStateException(name + " is not differentiable");
    }
    OpCase result = new OpCase(prefix + name);
    inputs.forEach(
        (input, is) -> {
          HostTensor data = data(1).get(input);
          result.input(input, is.spec, (spec, random, step) -> data.copy());
        });
    List<Tensor> outputs = record(parts.get(0), new Trace());
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i).spec().dtype() == DType.F32) {
        result.input("w" + i, outputs.get(i).spec(), Fill.uniform(-1, 1));
      }
    }
    states.forEach(result::state);
    return result.within(tolerance).program(body);
  }

  private Tensor weightedSum(Trace trace, Tensor[] in) {
    Tensor[] own = Arrays.copyOf(in, parts.get(0).inputs.size());
    List<Tensor> outputs = parts.get(0).body.record(trace, own);
    Tensor loss = trace.constant(0);
    for (int i = 0; i < outputs.size(); i++) {
      Tensor output = outputs.get(i);
      if (output.spec().dtype() == DType.F32) {
        loss = loss.add(output.mul(trace.input("w" + i, output.spec())).sum());
      }
    }
    return loss;
  }

  private List<Tensor> record(Part part, Trace trace) {
    Tensor[] in = new Tensor[part.inputs.size()];
    for (int i = 0; i < in.length; i++) {
      String input = part.inputs.get(i);
      Input is = inputs.get(input);
      if (is == null) {
        throw new IllegalArgumentException(name + " declares no input " + input);
      }
      in[i] = trace.input(input, is.spec);
    }
    return part.body.record(trace, in);
  }

  @Override
  public String toString() {
    return name;
  }
}
