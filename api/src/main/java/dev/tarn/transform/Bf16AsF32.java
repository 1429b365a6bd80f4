package dev.tarn.transform;

import dev.tarn.DType;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Op;
import dev.tarn.ir.Product;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps bf16 values in f32, for a backend that stores nothing shorter; runs after {@link
 * FuseElementwise}.
 *
 * <p>Tapes round to bf16 what was bf16. Other operations give bf16 values that are not rounded.
 */
public final class Bf16AsF32 {
  private final Map<Value, Value> wide = new HashMap<>();

  private Bf16AsF32() {}

  /** The program without bf16 values. */
  public static Program apply(Program program) {
    boolean any =
        program.body().stream()
            .flatMap(node -> node.outputs().stream())
            .anyMatch(value -> value.spec().dtype() == DType.BF16);
    return any ? new Bf16AsF32().run(program) : program;
  }

  private Program run(Program program) {
    return ProgramVerifier.verify(
        program.withBody(program.body().stream().map(this::rewrite).toList()));
  }

  private Node rewrite(Node node) {
    List<Value> outputs = node.outputs().stream().map(this::widened).toList();
    List<Value> inputs = node.inputs().stream().map(v -> wide.getOrDefault(v, v)).toList();
    return new Node(rewrite(node.op()), inputs, outputs, node.origin());
  }

  private Value widened(Value value) {
    if (value.spec().dtype() != DType.BF16) {
      return value;
    }
    return wide.computeIfAbsent(value, v -> new Value(v.id(), v.spec().as(DType.F32)));
  }

  private static Op rewrite(Op op) {
    if (op instanceof Product product && product.arithmetic().operands() == DType.BF16) {
      return product.with(Arithmetic.F32);
    }
    if (!(op instanceof Fused fused) || !fused.types().contains(DType.BF16)) {
      return op;
    }
    List<Fused.Instruction> tape = new ArrayList<>(fused.tape());
    List<Integer> results = new ArrayList<>(fused.results());
    for (int i = 0; i < results.size(); i++) {
      if (fused.types().get(i) == DType.BF16) {
        tape.add(new Fused.Round(results.get(i)));
        results.set(i, tape.size() - 1);
      }
    }
    return new Fused(fused.shape(), tape, results);
  }
}
