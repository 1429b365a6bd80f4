package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.ImageOrder;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of values in the order in which an operation wants them.
 *
 * <p>The schedule's buffer of a value is plain. A value whose channels lie last has one of its own,
 * and the plain one is filled only if something asks for it. Steps that bring a value into another
 * order are added to the schedule where that is asked for.
 */
final class Images {
  private static final int TILE = 32;
  private static final int PACK_ROW_BYTES = 128;

  /**
   * So many images that were packed are remembered: the two gradients of a convolution follow each
   * other and share dy. One that is used again lives until then, and an image from the forward pass
   * would fill memory until the backward pass.
   */
  private static final int REMEMBERED = 2;

  /** An image as it was packed: its groups of channels, and in which type. */
  private record Packed(Value image, int groups, DType type) {}

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final ImageLayouts layouts;
  private final Set<Value> wanted = new HashSet<>();
  private final Map<Value, Buffer> last = new HashMap<>();
  private final Set<Value> filled = new HashSet<>();
  private final Map<Packed, Buffer> packed = new LinkedHashMap<>();
  private Node node;
  private Node owner;

  /**
   * The images of a program.
   *
   * @param keepAll whether every value is also wanted plain
   */
  Images(
      Schedule<Step> schedule,
      Kernels kernels,
      ImageLayouts layouts,
      Program program,
      boolean keepAll) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.layouts = layouts;
    this.node = program.body().get(0);
    this.owner = node;
    program.outputs().forEach(output -> wanted.add(output.value()));
    wanted.addAll(program.updates().values());
    if (keepAll) {
      program.body().forEach(each -> wanted.addAll(each.outputs()));
    }
  }

  /**
   * Begins a node: operands are made plain where it needs them so.
   *
   * @param to the node that the steps belong to
   */
  void begin(Node next, Node to) {
    node = next;
    owner = to;
    if (!ImageLayouts.takesAny(next.op()) && !layouts.isLast(next)) {
      next.inputs().forEach(this::plain);
    }
  }

  /** Ends a node: results that outlive the program are made plain. */
  void end() {
    node.outputs().stream().filter(wanted::contains).forEach(this::plain);
  }

  /** Whether the node works on images with channels last. */
  boolean isLast() {
    return layouts.isLast(node);
  }

  /** Where the node writes a result. */
  Buffer result(Value value) {
    return isMoved(value)
        ? last.computeIfAbsent(value, v -> schedule.scratch(v + " channels last", v.spec().bytes()))
        : schedule.buffer(value);
  }

  /** An operand, in the order in which the node works. */
  Buffer operand(Value value) {
    return isLast() ? channelsLast(value) : plain(value);
  }

  /** A value in plain order. */
  Buffer plain(Value value) {
    Buffer plain = schedule.buffer(value);
    if (isMoved(value) && filled.add(value)) {
      Shape shape = value.spec().shape();
      transpose(result(value), plain, value, plane(shape), shape.dim(1));
    }
    return plain;
  }

  private Buffer channelsLast(Value value) {
    Shape shape = ImageOrder.image(value.spec().shape());
    if (isMoved(value)) {
      return result(value);
    }
    if (ImageOrder.isSame(shape)) {
      return schedule.buffer(value);
    }
    if (shape.dim(1) % Kernels.together(value.spec().dtype()) == 0) {
      return packed(value, 1, value.spec().dtype());
    }
    Buffer to = schedule.scratch(node.op().name() + " channels last", value.spec().bytes());
    transpose(schedule.buffer(value), to, value, shape.dim(1), plane(shape));
    return to;
  }

  /**
   * An image with its channels last, those of each group rounded up to 16 bytes.
   *
   * @param type the type of its elements
   */
  Buffer packed(Value image, int groups, DType type) {
    Shape shape = ImageOrder.image(image.spec().shape());
    DType stored = image.spec().dtype();
    int channels = shape.dim(1) / groups;
    int padded = padded(channels, type);
    if (stored == type && padded == channels && (isMoved(image) || ImageOrder.isSame(shape))) {
      return result(image);
    }
    Packed key = new Packed(image, groups, type);
    @Nullable Buffer known = packed.get(key);
    if (known != null) {
      return known;
    }
    long plane = plane(shape);
    long bytes = shape.dim(0) * plane * groups * padded * type.bytes();
    Buffer to = schedule.scratch(node.op().name() + " channels last", bytes);
    long tiles = Steps.ceil(plane, TILE) * Steps.ceil(padded, PACK_ROW_BYTES / type.bytes());
    add(
        Steps.kernel(kernels, "convolution_pack.cu", "pack_pixels_" + stored + "_to_" + type)
            .reads(plain(image))
            .writes(to)
            .whole(groups)
            .whole(channels)
            .whole(padded)
            .whole(plane)
            .grid(tiles * shape.dim(0) * groups, 1)
            .block(TILE, Steps.BLOCK / TILE)
            .build(0));
    packed.put(key, to);
    if (packed.size() > REMEMBERED) {
      packed.remove(packed.keySet().iterator().next());
    }
    return to;
  }

  /** Exchanges the last two axes of each image of a value. */
  private void transpose(Buffer from, Buffer to, Value value, long rows, long columns) {
    long images = value.spec().shape().size() / rows / columns;
    add(
        Steps.kernel(
                kernels, "movement.cu", "transpose_tiles", Kernels.elements(value.spec().dtype()))
            .reads(from)
            .writes(to)
            .whole(rows)
            .whole(columns)
            .grid(images * Steps.ceil(rows, TILE) * Steps.ceil(columns, TILE), 1)
            .block(TILE, Steps.BLOCK / TILE)
            .build(0));
  }

  private void add(Step step) {
    schedule.add(step, owner, step.reads(), step.writes());
  }

  /** Whether a value's elements lie in another order than in its plain buffer. */
  private boolean isMoved(Value value) {
    return layouts.isLast(value) && !ImageOrder.isSame(value.spec().shape());
  }

  /** Channels of a group, rounded up to 16 bytes. */
  static int padded(int channels, DType type) {
    int multiple = Kernels.together(type);
    return (channels + multiple - 1) / multiple * multiple;
  }

  private static long plane(Shape image) {
    return (long) image.dim(2) * image.dim(3);
  }
}
