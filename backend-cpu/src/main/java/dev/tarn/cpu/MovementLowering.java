package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.cpu.StridedCopyStep.Place;
import dev.tarn.ir.Concat;
import dev.tarn.ir.Node;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Transpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The steps of operations that move data; none where there is nothing to move. */
final class MovementLowering {
  private final Node node;
  private final List<Buffer> from;
  private final Buffer to;
  private final int threads;

  MovementLowering(Node node, List<Buffer> from, Buffer to, int threads) {
    this.node = node;
    this.from = from;
    this.to = to;
    this.threads = threads;
  }

  private int[] in(int input) {
    return node.inputs().get(input).spec().shape().dims();
  }

  private int[] out() {
    return node.output().spec().shape().dims();
  }

  private Place target() {
    return new Place(to, 0, StridedCopyStep.strides(out()));
  }

  private List<Step> copy(int[] extents, Place source, Place target) {
    boolean nothing = Shape.of(extents).size() == 0;
    return nothing ? List.of() : List.of(new StridedCopyStep(extents, source, target, threads));
  }

  List<Step> transpose(Transpose op) {
    long[] strides = StridedCopyStep.strides(in(0));
    long[] permuted = op.permutation().stream().mapToLong(axis -> strides[axis]).toArray();
    return copy(out(), new Place(from.get(0), 0, permuted), target());
  }

  List<Step> slice(Slice op) {
    long[] strides = StridedCopyStep.strides(in(0));
    return copy(out(), new Place(from.get(0), offset(op.starts(), strides), strides), target());
  }

  List<Step> pad(Pad op) {
    Place whole = target();
    Place inside = new Place(to, offset(op.before(), whole.strides()), whole.strides());
    List<Step> steps = new ArrayList<>();
    steps.add(new FillStep(op.bits(node.output().spec().dtype()), to, threads));
    steps.addAll(copy(in(0), packed(0), inside));
    return steps;
  }

  List<Step> concat(Concat op) {
    Place whole = target();
    List<Step> steps = new ArrayList<>();
    long offset = 0;
    for (int i = 0; i < from.size(); i++) {
      steps.addAll(copy(in(i), packed(i), new Place(to, offset, whole.strides())));
      offset += in(i)[op.axis()] * whole.strides()[op.axis()];
    }
    return steps;
  }

  private Place packed(int input) {
    return new Place(from.get(input), 0, StridedCopyStep.strides(in(input)));
  }

  private static long offset(List<Integer> starts, long[] strides) {
    long[] terms = strides.clone();
    Arrays.setAll(terms, i -> starts.get(i) * strides[i]);
    return Arrays.stream(terms).sum();
  }
}
