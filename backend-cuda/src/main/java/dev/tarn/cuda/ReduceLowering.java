package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.ImageOrder;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import dev.tarn.ir.Reduce;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Turns a reduction into passes over {@code [outer, reduced, inner]}.
 *
 * <p>Reduced axes that are no neighbours take a pass each, the last axes first. A long pass becomes
 * two, over chunks and over the chunks' results. How it is cut depends on the shape only, so the
 * same shape gives the same bits on every device.
 */
final class ReduceLowering {
  private static final String FILE = "reduce.cu";

  /** A chunk of a row or of columns is at least this long. */
  private static final int ROW_CHUNK = 4096;

  private static final int COLUMN_CHUNK = 1024;

  /** Chunks are made until there are about this many blocks of work. */
  private static final int BLOCKS = 1024;

  private static final int MAX_GRID_Y = 65_535;
  private static final int LANES = 32;

  /** Chunks begin where accesses of 16 bytes may, in every type. */
  private static final int MULTIPLE = 8;

  /** Neighbouring axes that are all reduced, or all kept. */
  record Group(long extent, boolean reduced) {}

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Reduce.Kind kind;
  private final List<Step> steps = new ArrayList<>();
  private DType type = DType.F32;

  ReduceLowering(Schedule<Step> schedule, Kernels kernels, Reduce.Kind kind) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.kind = kind;
  }

  /** The steps of a node; images with their channels last are reduced as they lie. */
  List<Step> lower(Reduce op, Node node, Images images) {
    Shape shape = node.inputs().get(0).spec().shape();
    Buffer x = images.operand(node.inputs().get(0));
    Buffer y = schedule.buffer(node.output());
    if (y.bytes() == 0) {
      return List.of();
    }
    type = node.inputs().get(0).spec().dtype();
    if (x.bytes() == 0) {
      return List.of(Steps.zeros(op.name(), y));
    }
    if (images.isLast()) {
      List<Integer> axes = op.axes().stream().map(ImageOrder::order).toList();
      return lower(x, y, ImageOrder.order(shape), axes);
    }
    return lower(x, y, shape, op.axes());
  }

  /** The steps that reduce {@code x}, which is not empty, over axes of its shape into {@code y}. */
  List<Step> lower(Buffer x, Buffer y, Shape shape, List<Integer> axes) {
    List<Group> groups = groups(shape, axes);
    long passes = groups.stream().filter(Group::reduced).count();
    if (passes == 0) {
      long elements = product(groups);
      return List.of(
          type == DType.F32
              ? Steps.copy(name(), x, y)
              : Steps.cast(kernels, type, DType.F32, x, y, elements));
    }
    Buffer from = x;
    for (int i = groups.size() - 1; i >= 0; i--) {
      if (!groups.get(i).reduced()) {
        continue;
      }
      long outer = product(groups.subList(0, i));
      long reduced = groups.remove(i).extent();
      long inner = product(groups.subList(i, groups.size()));
      Buffer to = --passes == 0 ? y : scratch(outer * inner);
      pass(from, to, outer, reduced, inner);
      type = DType.F32;
      from = to;
    }
    return steps;
  }

  static List<Group> groups(Shape shape, List<Integer> axes) {
    List<Group> groups = new ArrayList<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (shape.dim(axis) == 1) {
        continue;
      }
      boolean reduced = axes.contains(axis);
      int last = groups.size() - 1;
      if (last >= 0 && groups.get(last).reduced() == reduced) {
        groups.set(last, new Group(groups.get(last).extent() * shape.dim(axis), reduced));
      } else {
        groups.add(new Group(shape.dim(axis), reduced));
      }
    }
    return groups;
  }

  private static long product(List<Group> groups) {
    return groups.stream().mapToLong(Group::extent).reduce(1, (a, b) -> a * b);
  }

  private Buffer scratch(long elements) {
    return schedule.scratch(name(), elements * Float.BYTES);
  }

  private void pass(Buffer x, Buffer y, long outer, long reduced, long inner) {
    long minimum = inner == 1 ? ROW_CHUNK : COLUMN_CHUNK;
    long blocks = outer * Steps.ceil(inner, inner == 1 ? 1 : LANES * width(inner));
    long wanted = Math.min(Steps.ceil(reduced, minimum), Math.max(1, BLOCKS / blocks));
    long chunk = Steps.ceil(Steps.ceil(reduced, wanted), MULTIPLE) * MULTIPLE;
    long chunks = Steps.ceil(reduced, chunk);
    if (chunks == 1) {
      launch(x, y, outer, reduced, inner, reduced, 1);
    } else {
      Buffer partial = scratch(outer * chunks * inner);
      launch(x, partial, outer, reduced, inner, chunk, chunks);
      type = DType.F32;
      launch(partial, y, outer, chunks, inner, chunks, 1);
    }
  }

  private void launch(
      Buffer x, Buffer y, long outer, long reduced, long inner, long chunk, long chunks) {
    String name = name();
    long parts = outer * chunks;
    KernelStep step;
    if (inner > 1) {
      int lanes = (int) Math.min(LANES, Long.highestOneBit(Math.max(1, chunk / 4)));
      long width = width(inner);
      int across = (int) Math.min(LANES, Long.highestOneBit(2 * Steps.ceil(inner, width) - 1));
      step = kernel(name + "_columns", inner, x, y).whole(parts).whole(reduced).whole(inner);
      step.grid(Steps.ceil(inner, across * width), Math.min(parts, MAX_GRID_Y));
      step.block(across, lanes);
    } else if (chunk <= Steps.WARP_ROW) {
      step = kernel(name + "_rows_warp", reduced, x, y).whole(parts).whole(reduced);
      step.grid(Steps.ceil(parts, Steps.WARPS), 1).block(Steps.BLOCK, 1);
    } else {
      step = kernel(name + "_rows_block", reduced, x, y).whole(reduced);
      step.grid(parts, 1).block(Steps.BLOCK, 1);
    }
    steps.add(step.whole(chunk).whole(chunks).build(outer * reduced * inner));
  }

  /** A kernel that reads rows of so many elements. */
  private KernelStep kernel(String name, long row, Buffer x, Buffer y) {
    List<String> definitions = Kernels.elements(type, row);
    return Steps.kernel(kernels, FILE, name, definitions).reads(x).writes(y);
  }

  /** The elements of an access to rows of so many. */
  private long width(long row) {
    return row % Kernels.together(type) == 0 ? Kernels.together(type) : 1;
  }

  private String name() {
    return "reduce_" + kind.name().toLowerCase(Locale.ROOT);
  }
}
