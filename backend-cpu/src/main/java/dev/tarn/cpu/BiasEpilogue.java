package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds matrix products and convolutions to which only a bias is added and makes one node of both:
 * a {@link MatMul} or {@link Conv2d} with the bias as its third input, which oneDNN adds on the way
 * out.
 *
 * <p>A ReLU that follows stays a step of its own: oneDNN's turns NaN into 0 and would hide it.
 */
final class BiasEpilogue {
  /** The product of each addition that is absorbed. */
  private final Map<Node, Node> products = new IdentityHashMap<>();

  private final Set<Node> absorbed = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Finds the additions to absorb. */
  BiasEpilogue(Program program) {
    Map<Value, Node> producers = new HashMap<>();
    Map<Value, Integer> uses = new HashMap<>();
    program.outputs().forEach(output -> uses.merge(output.value(), 1, Integer::sum));
    program.updates().values().forEach(value -> uses.merge(value, 1, Integer::sum));
    for (Node node : program.body()) {
      node.outputs().forEach(value -> producers.put(value, node));
      node.inputs().forEach(value -> uses.merge(value, 1, Integer::sum));
    }
    for (Node node : program.body()) {
      if (!(node.op() instanceof Elementwise op) || op.kind() != Elementwise.Kind.ADD) {
        continue;
      }
      for (Value operand : node.inputs()) {
        Node product = producers.get(operand);
        Value bias = other(node, operand);
        if (product != null
            && uses.getOrDefault(operand, 0) == 1
            && bias != null
            && isBias(bias.spec().shape(), product)
            && node.output().spec().equals(operand.spec())
            && !products.containsKey(node)) {
          products.put(node, product);
          absorbed.add(product);
        }
      }
    }
  }

  /** Whether an addition is absorbed; it must stay as it is until {@link #apply}. */
  boolean absorbs(Node node) {
    return products.containsKey(node);
  }

  /** The program with products and additions joined. */
  Program apply(Program program) {
    List<Node> body = new ArrayList<>();
    for (Node node : program.body()) {
      Node product = products.get(node);
      if (product != null) {
        List<Value> inputs = new ArrayList<>(product.inputs());
        Value bias = other(node, product.output());
        if (bias == null) {
          throw new IllegalStateException("no bias in " + node);
        }
        inputs.add(bias);
        body.add(new Node(product.op(), inputs, node.outputs(), product.origin()));
      } else if (!absorbed.contains(node)) {
        body.add(node);
      }
    }
    return program.withBody(body);
  }

  private static @Nullable Value other(Node addition, Value operand) {
    Value a = addition.inputs().get(0);
    Value b = addition.inputs().get(1);
    return a == operand ? (b == operand ? null : b) : a;
  }

  private static boolean isBias(Shape bias, Node product) {
    Shape shape = product.outputs().get(0).spec().shape();
    if (product.op() instanceof MatMul) {
      return shape.rank() == 2 && isRow(bias, shape.dim(1));
    }
    // [C, 1, 1] or [1, C, 1, 1].
    return product.op() instanceof Conv2d
        && bias.rank() >= 3
        && bias.dim(-1) == 1
        && bias.dim(-2) == 1
        && bias.dim(-3) == shape.dim(1)
        && bias.size() == shape.dim(1);
  }

  private static boolean isRow(Shape bias, int columns) {
    return (bias.rank() == 1 || (bias.rank() == 2 && bias.dim(0) == 1)) && bias.dim(-1) == columns;
  }
}
