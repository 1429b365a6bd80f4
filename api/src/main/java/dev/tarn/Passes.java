package dev.tarn;

import dev.tarn.ir.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The uses of modules in a trace. */
final class Passes {
  private record Open(Object module, String name) {}

  private final List<@Nullable Pass> all = new ArrayList<>();
  private final Deque<Open> open = new ArrayDeque<>();
  private final Map<String, Integer> counts = new HashMap<>();

  /** What nodes are said to belong to; empty outside of modules. */
  String name() {
    Open inner = open.peek();
    return inner == null ? "" : inner.name();
  }

  List<Tensor> record(
      Object module,
      String path,
      List<Tensor> inputs,
      List<Node> body,
      Supplier<List<Tensor>> forward) {
    Open outer = open.peek();
    if (outer != null && outer.module() == module) {
      return forward.get();
    }
    int position = all.size();
    int depth = open.size();
    int first = body.size();
    all.add(null);
    int count = counts.merge(path, 1, Integer::sum);
    open.push(new Open(module, count == 1 || path.isEmpty() ? path : path + " pass " + count));
    try {
      List<Tensor> outputs = forward.get();
      all.set(position, new Pass(module, path, depth, first, body.size(), inputs, outputs));
      return outputs;
    } finally {
      open.pop();
    }
  }

  List<Pass> all() {
    return all.stream().filter(Objects::nonNull).map(Objects::requireNonNull).toList();
  }
}
