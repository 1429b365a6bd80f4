package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.ImageOrder;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Concat;
import dev.tarn.ir.GatherGrad;
import dev.tarn.ir.Node;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Transpose;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;

/** The steps of operations that move data; the counts of elements were checked before. */
final class MovementLowering {
  private static final String FILE = "movement.cu";
  private static final int TILE = 32;

  /** A block of the gradient of a gathering owns at most so many rows of the table. */
  private static final int MOST_ROWS = 64;

  /** As many blocks of it as keep a device busy. */
  private static final int BLOCKS = 512;

  /** An axis of the result: its extent, and the distance of its elements in the operand. */
  private record Axis(int extent, int stride) {}

  private final Kernels kernels;
  private final Node node;
  private final boolean last;
  private final List<Buffer> from;
  private final Buffer to;

  MovementLowering(Schedule<Step> schedule, Kernels kernels, Images images, Node node) {
    this.kernels = kernels;
    this.node = node;
    this.last = images.isLast();
    this.from = node.inputs().stream().map(images::operand).toList();
    this.to = images.result(node.output());
  }

  private int[] in(int input) {
    return dims(node.inputs().get(input));
  }

  private int[] out() {
    return dims(node.output());
  }

  private int[] dims(Value value) {
    Shape shape = value.spec().shape();
    return (last ? ImageOrder.order(shape) : shape).dims();
  }

  /** An entry for each axis, in the order in which the axes lie. */
  private List<Integer> order(List<Integer> axes) {
    return last ? ImageOrder.order(axes) : axes;
  }

  private long elements() {
    return node.output().spec().shape().size();
  }

  private KernelStep kernel(String file, String name) {
    DType type = node.output().spec().dtype();
    return Steps.kernel(kernels, file, name, Kernels.elements(type));
  }

  private KernelStep flat(String file, String name, long elements) {
    return kernel(file, name).grid(Steps.ceil(elements, Steps.BLOCK), 1).block(Steps.BLOCK, 1);
  }

  List<Step> cast(Cast op) {
    DType stored = node.inputs().get(0).spec().dtype();
    return List.of(Steps.cast(kernels, stored, op.to(), from.get(0), to, elements()));
  }

  List<Step> transpose(Transpose op) {
    int[] strides = strides(in(0));
    List<Axis> axes = new ArrayList<>();
    for (int axis : op.permutation()) {
      join(axes, in(0)[axis], strides[axis]);
    }
    int rank = axes.size();
    // The last two axes exchanged, under at most one other that stays the first.
    if (rank >= 2 && rank <= 3 && axes.get(rank - 2).stride == 1) {
      int columns = axes.get(rank - 2).extent;
      int rows = axes.get(rank - 1).extent;
      if (axes.get(rank - 1).stride == columns) {
        long tiles = Steps.ceil(rows, TILE) * Steps.ceil(columns, TILE);
        return List.of(
            kernel(FILE, "transpose_tiles")
                .reads(from.get(0))
                .writes(to)
                .whole(rows)
                .whole(columns)
                .grid(elements() / rows / columns * tiles, 1)
                .block(TILE, 8)
                .build(0));
      }
    }
    return stridedCopy(axes, 0);
  }

  List<Step> slice(Slice op) {
    int[] strides = strides(in(0));
    List<Axis> axes = new ArrayList<>();
    List<Integer> starts = order(op.starts());
    int offset = 0;
    for (int i = 0; i < strides.length; i++) {
      join(axes, out()[i], strides[i]);
      offset += starts.get(i) * strides[i];
    }
    return stridedCopy(axes, offset);
  }

  private List<Step> stridedCopy(List<Axis> axes, int offset) {
    int rank = axes.size();
    int[] table = new int[2 * rank];
    for (int i = 0; i < rank; i++) {
      table[i] = axes.get(i).extent;
      table[rank + i] = axes.get(i).stride;
    }
    return List.of(
        flat(FILE, "strided_copy", elements())
            .reads(from.get(0))
            .writes(to)
            .pointer(binding -> binding.upload(HostTensor.of(table, table.length)))
            .whole(elements())
            .whole(rank)
            .whole(offset)
            .build(0));
  }

  /** Adds an axis after the last, as part of it where elements lie in one sequence. */
  private static void join(List<Axis> axes, int extent, int stride) {
    int last = axes.size() - 1;
    if (extent == 1) {
      return;
    }
    if (last >= 0 && axes.get(last).stride == extent * stride) {
      axes.set(last, new Axis(axes.get(last).extent * extent, stride));
    } else {
      axes.add(new Axis(extent, stride));
    }
  }

  private static int[] strides(int[] extents) {
    int[] strides = new int[extents.length];
    int stride = 1;
    for (int i = extents.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= extents[i];
    }
    return strides;
  }

  List<Step> pad(Pad op) {
    int rank = out().length;
    int[] table = new int[3 * rank];
    List<Integer> before = order(op.before());
    for (int i = 0; i < rank; i++) {
      table[i] = out()[i];
      table[rank + i] = before.get(i);
      table[2 * rank + i] = in(0)[i];
    }
    return List.of(
        flat(FILE, "pad", elements())
            .reads(from.get(0))
            .writes(to)
            .pointer(binding -> binding.upload(HostTensor.of(table, table.length)))
            .whole(elements())
            .whole(rank)
            .bits(op.bits(node.output().spec().dtype()))
            .build(0));
  }

  List<Step> concat(Concat op) {
    int axis = last ? ImageOrder.order(op.axis()) : op.axis();
    long inner = 1;
    for (int i = axis + 1; i < out().length; i++) {
      inner *= out()[i];
    }
    List<Step> steps = new ArrayList<>();
    long first = 0;
    for (int i = 0; i < from.size(); i++) {
      long length = in(i)[axis] * inner;
      long elements = node.inputs().get(i).spec().shape().size();
      if (elements > 0) {
        steps.add(
            flat(FILE, "copy_rows", elements)
                .reads(from.get(i))
                .writes(to)
                .whole(elements)
                .whole(length)
                .whole(out()[axis] * inner)
                .whole(first)
                .build(0));
      }
      first += length;
    }
    return steps;
  }

  List<Step> gather() {
    return List.of(
        flat("gather.cu", "gather", elements())
            .reads(from.get(0))
            .reads(from.get(1))
            .writes(to)
            .whole(elements())
            .whole(in(0)[0])
            .whole(in(0)[1])
            .build(0));
  }

  List<Step> gatherGrad(GatherGrad op) {
    int width = out()[1];
    int own = Math.max(1, Math.min(MOST_ROWS, op.rows() / BLOCKS));
    int block = Math.min(Steps.BLOCK, (width + 31) / 32 * 32);
    return List.of(
        Steps.kernel(kernels, "gather.cu", "gather_grad")
            .reads(from.get(0))
            .reads(from.get(1))
            .writes(to)
            .whole(from.get(0).bytes() / 4)
            .whole(op.rows())
            .whole(width)
            .whole(own)
            .grid(Steps.ceil(op.rows(), own), Steps.ceil(width, block))
            .block(block, 1)
            .build(from.get(1).bytes() / 4));
  }
}
