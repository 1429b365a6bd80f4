package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A step each part of which is a chain of oneDNN primitives. The constructor of a subclass adds the
 * chains, and closes the step if that fails.
 */
abstract class ChainStep extends Step {
  final List<Chain> chains = new ArrayList<>();

  /** What oneDNN calls the implementation that it chose. */
  String implementation = "";

  /** Memory that the parts need while the step runs. */
  final List<Buffer> scratch() {
    return chains.stream().flatMap(chain -> chain.scratch().stream()).toList();
  }

  @Override
  final int parts() {
    return chains.size();
  }

  @Override
  void bind(Addresses addresses) {
    chains.forEach(chain -> chain.bind(addresses));
  }

  @Override
  void run(int part, Workspace workspace) {
    chains.get(part).run();
  }

  @Override
  final String how() {
    return implementation;
  }

  @Override
  public final void close() {
    chains.forEach(Chain::close);
  }
}
