package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import java.util.ArrayList;
import java.util.List;

/** A step each part of which is a chain of oneDNN primitives. */
abstract class ChainStep extends Step {
  /** Fills the chain of a part, whose units are {@code count} from {@code first} on. */
  interface Fill {
    void accept(Chain chain, int part, int first, int count);
  }

  private final List<Chain> chains = new ArrayList<>();

  /** What oneDNN calls the implementation that it chose. */
  String implementation = "";

  /**
   * Deals units to parts, and adds a chain for each part, filled by the function; called once, by
   * the constructor of a subclass. If that fails, the chains are closed.
   */
  final void addChains(
      Dnnl dnnl,
      String label,
      Arithmetic arithmetic,
      int units,
      int parts,
      Schedule<?> schedule,
      Fill fill) {
    try {
      for (int part = 0; part < parts; part++) {
        Chain chain = new Chain(dnnl, label, arithmetic, part, schedule);
        chains.add(chain);
        int first = (int) begin(units, part, parts);
        fill.accept(chain, part, first, (int) begin(units, part + 1, parts) - first);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

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
