package dev.tarn.transform;

import dev.tarn.DType;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Concat;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Node;
import dev.tarn.ir.NormalizeRows;
import dev.tarn.ir.NormalizeRowsGrad;
import dev.tarn.ir.Op;
import dev.tarn.ir.Origin;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Product;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Transpose;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Chooses the element types of a program for a {@link Precision}; runs after {@link Simplify} and
 * before {@link FuseElementwise}.
 *
 * <p>For tf32 the {@linkplain Product products} change their {@link Arithmetic} and nothing else.
 * For bf16:
 *
 * <ul>
 *   <li>Products take bf16 operands, cast once each, and give bf16 results.
 *   <li>Elementwise functions read what there is; their result is bf16 if an operand is.
 *   <li>The operations of {@link #DATA} have the type of their data.
 *   <li>Reductions read what there is, and give f32.
 *   <li>Every other input, output and state is f32: a bf16 value is cast on its way there.
 *   <li>What is only read as f32, be it after elementwise functions and moves, is never rounded to
 *       bf16: the gradients of parameters, and logits on their way to the loss.
 * </ul>
 */
public final class MixedPrecision {
  /** The inputs of an operation that may be bf16, all of one type, which its first output has. */
  private static final Map<Class<? extends Op>, List<Integer>> DATA =
      Map.of(
          Pool2d.class, List.of(0),
          Pool2dGrad.class, List.of(0, 1),
          BatchNorm.class, List.of(0),
          BatchNormGrad.class, List.of(0, 4),
          NormalizeRows.class, List.of(0),
          NormalizeRowsGrad.class, List.of(0, 3));

  /** Operations that move data of any type; all their inputs have the type of the output. */
  private static final Set<Class<? extends Op>> MOVES =
      Set.of(Broadcast.class, Reshape.class, Transpose.class, Slice.class, Concat.class, Pad.class);

  private final Program program;
  private final Set<Value> mayBeShort = new HashSet<>();
  private final Map<Value, Value> current = new HashMap<>();
  private final Map<Value, Value> casts = new HashMap<>();
  private final List<Node> body = new ArrayList<>();
  private int nextId;

  private MixedPrecision(Program program) {
    this.program = program;
  }

  /** The program for a backend that keeps bf16 values in 16 bits. */
  public static Program apply(Program program, Precision precision) {
    return switch (precision) {
      case FP32 -> program;
      case TF32 -> products(program, Arithmetic.TF32);
      case BF16 -> ProgramVerifier.verify(new MixedPrecision(program).run());
    };
  }

  /** The program with the products of f32 in another arithmetic that takes and gives f32. */
  public static Program products(Program program, Arithmetic arithmetic) {
    List<Node> nodes =
        program.body().stream()
            .map(
                node ->
                    node.op() instanceof Product product && product.arithmetic() == Arithmetic.F32
                        ? new Node(
                            product.with(arithmetic), node.inputs(), node.outputs(), node.origin())
                        : node)
            .toList();
    return ProgramVerifier.verify(program.withBody(nodes));
  }

  private Program run() {
    findShort();
    nextId = 1 + program.states().values().stream().mapToInt(Value::id).max().orElse(0);
    program.inputs().forEach(input -> nextId = Math.max(nextId, input.value().id() + 1));
    program.body().stream()
        .flatMap(node -> node.outputs().stream())
        .forEach(value -> nextId = Math.max(nextId, value.id() + 1));
    program.body().forEach(this::rewrite);
    List<Program.Output> outputs =
        program.outputs().stream()
            .map(output -> new Program.Output(output.name(), wide(output.value())))
            .toList();
    Map<State, Value> updates = new LinkedHashMap<>();
    program.updates().forEach((state, value) -> updates.put(state, wide(value)));
    return new Program(program.name(), program.inputs(), program.states(), body, outputs, updates);
  }

  /** Finds the values that something reads as bf16; from the last node to the first. */
  private void findShort() {
    for (int n = program.body().size() - 1; n >= 0; n--) {
      Node node = program.body().get(n);
      boolean passesOn = node.outputs().stream().anyMatch(mayBeShort::contains);
      for (int i = 0; i < node.inputs().size(); i++) {
        boolean asShort =
            node.op() instanceof Elementwise || MOVES.contains(node.op().getClass())
                ? passesOn
                : node.op() instanceof Product || data(node.op()).contains(i);
        if (asShort) {
          mayBeShort.add(node.inputs().get(i));
        }
      }
    }
  }

  private static List<Integer> data(Op op) {
    return DATA.getOrDefault(op.getClass(), List.of());
  }

  private void rewrite(Node node) {
    Op op = node.op();
    List<Value> inputs = node.inputs().stream().map(this::now).toList();
    boolean anyShort = inputs.stream().anyMatch(MixedPrecision::isShort);
    boolean mayBe = mayBeShort.contains(node.outputs().get(0));
    if (op instanceof Product product) {
      inputs = all(inputs, DType.BF16, node.origin());
      op = product.with(mayBe ? Arithmetic.BF16 : Arithmetic.BF16_TO_F32);
    } else if (op instanceof Elementwise function) {
      op = new Elementwise(function.kind(), anyShort && mayBe ? DType.BF16 : DType.F32);
    } else if (MOVES.contains(op.getClass())) {
      inputs = anyShort ? all(inputs, mayBe ? DType.BF16 : DType.F32, node.origin()) : inputs;
    } else if (op instanceof Cast cast && inputs.get(0).spec().dtype() == cast.to()) {
      current.put(node.output(), inputs.get(0));
      return;
    } else if (!(op instanceof Reduce || (op instanceof Cast cast && cast.to().isFloat()))) {
      inputs = dataTogether(op, inputs, node.origin());
    }
    if (op instanceof Cast && isShort(inputs.get(0))) {
      casts.put(node.output(), inputs.get(0));
    }
    body.add(new Node(op, inputs, outputs(op, inputs, node.outputs()), node.origin()));
  }

  /** The data of an operation in bf16 if any of it is, everything else in f32. */
  private List<Value> dataTogether(Op op, List<Value> inputs, Origin origin) {
    List<Integer> data = data(op).stream().filter(i -> i < inputs.size()).toList();
    DType type = data.stream().anyMatch(i -> isShort(inputs.get(i))) ? DType.BF16 : DType.F32;
    return IntStream.range(0, inputs.size())
        .mapToObj(i -> as(inputs.get(i), data.contains(i) ? type : DType.F32, origin))
        .toList();
  }

  private List<Value> outputs(Op op, List<Value> inputs, List<Value> old) {
    List<Spec> specs = op.infer(inputs.stream().map(Value::spec).toList());
    List<Value> outputs = new ArrayList<>();
    for (int i = 0; i < old.size(); i++) {
      Value value = old.get(i);
      if (!value.spec().equals(specs.get(i))) {
        value = new Value(value.id(), specs.get(i));
        current.put(old.get(i), value);
      }
      outputs.add(value);
    }
    return outputs;
  }

  private Value now(Value value) {
    return current.getOrDefault(value, value);
  }

  private Value wide(Value value) {
    return as(now(value), DType.F32, Origin.NONE);
  }

  private static boolean isShort(Value value) {
    return value.spec().dtype() == DType.BF16;
  }

  private List<Value> all(List<Value> values, DType type, Origin origin) {
    return values.stream().map(value -> as(value, type, origin)).toList();
  }

  /** A value in another float type: cast where it is wanted first. Integers stay. */
  private Value as(Value value, DType type, Origin origin) {
    if (value.spec().dtype() == type || !value.spec().dtype().isFloat()) {
      return value;
    }
    return casts.computeIfAbsent(
        value,
        from -> {
          Value to = new Value(nextId++, from.spec().as(type));
          body.add(new Node(new Cast(type), List.of(from), List.of(to), origin));
          return to;
        });
  }
}
