package dev.tarn;

import java.util.List;

/**
 * One use of a module in a trace.
 *
 * @param module the module
 * @param path its path
 * @param depth the number of modules inside of which it was used
 * @param first the position of the first node that it recorded
 * @param end the position after the last one
 * @param inputs what it was given
 * @param outputs what it gave
 */
public record Pass(
    Object module,
    String path,
    int depth,
    int first,
    int end,
    List<Tensor> inputs,
    List<Tensor> outputs) {
  /** Copies the lists. */
  public Pass {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
