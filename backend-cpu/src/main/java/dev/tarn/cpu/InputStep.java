package dev.tarn.cpu;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.backend.Buffer;
import java.util.List;

/** Copies the inputs of a run into native memory. */
final class InputStep extends Step {
  private static final long LEAST_WORK = 1 << 15;
  private static final HostTensor[] NOTHING = {};

  private final List<Buffer> buffers;
  private final View[] views;
  private final int parts;
  private HostTensor[] given = NOTHING;

  InputStep(List<Buffer> buffers, int threads) {
    this.buffers = buffers;
    this.views = new View[buffers.size()];
    long elements = buffers.stream().mapToLong(buffer -> buffer.bytes() / 4).sum();
    this.parts = parts(threads, elements, LEAST_WORK);
  }

  /** Sets what the next run copies. */
  void give(HostTensor[] inputs) {
    given = inputs;
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    for (int i = 0; i < views.length; i++) {
      views[i] = addresses.view(buffers.get(i));
    }
  }

  @Override
  void run(int part, Workspace workspace) {
    for (int i = 0; i < views.length; i++) {
      HostTensor tensor = given[i];
      int first = (int) begin(tensor.size(), part, parts);
      int count = (int) begin(tensor.size(), part + 1, parts) - first;
      if (tensor.spec().dtype() == DType.I32) {
        views[i].put(first, tensor.ints(), first, count);
      } else {
        views[i].put(first, tensor.floats(), first, count);
      }
    }
  }

  @Override
  void finish() {
    given = NOTHING;
  }
}
