package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import java.util.List;

/** The steps of batch normalization, normalization of rows, and their gradients. */
final class NormalizationLowering {
  /** Elements of a channel that a block holds, if a channel's elements lie together, or apart. */
  private static final int PLANE_CHUNK = 4096;

  private static final int COLUMN_CHUNK = 128;
  private static final int LANES = 32;

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final float epsilon;
  private final DType type;
  private final List<Buffer> in;
  private final List<Buffer> out;

  /** Lowers a node. */
  NormalizationLowering(Schedule<Step> schedule, Kernels kernels, double epsilon, Node node) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.epsilon = (float) epsilon;
    this.type = node.inputs().get(0).spec().dtype();
    this.in = schedule.buffers(node.inputs());
    this.out = schedule.buffers(node.outputs());
  }

  /** Batch normalization of x, scale, bias to y, mean, variance. */
  List<Step> batchNorm(Shape shape) {
    Buffer partial = partial(shape);
    KernelStep statistics =
        batchNorm("batch_norm_statistics", shape).reads(in.get(0)).writes(partial);
    KernelStep apply = batchNorm("batch_norm", shape);
    in.forEach(apply::reads);
    apply.reads(partial);
    out.forEach(apply::writes);
    return List.of(
        extents(statistics, shape).build(5 * shape.size()),
        extents(apply, shape).real(epsilon).build(4 * shape.size()));
  }

  /** The gradient, of x, scale, mean, variance, dy to dx, dscale, dbias. */
  List<Step> batchNormGrad(Shape shape) {
    Buffer partial = partial(shape);
    KernelStep sums =
        batchNorm("batch_norm_grad_sums", shape)
            .reads(in.get(0))
            .reads(in.get(2))
            .reads(in.get(4))
            .writes(partial);
    KernelStep apply = batchNorm("batch_norm_grad", shape);
    in.forEach(apply::reads);
    apply.reads(partial);
    out.forEach(apply::writes);
    return List.of(
        extents(sums, shape).build(4 * shape.size()),
        extents(apply, shape).real(epsilon).build(5 * shape.size()));
  }

  /** Normalization of the rows of x to y, mean, variance. */
  List<Step> rows(Shape shape) {
    return rows("normalize_rows", shape, 7 * shape.size());
  }

  /** The gradient, of x, mean, variance, dy to dx. */
  List<Step> rowsGrad(Shape shape) {
    return rows("normalize_rows_grad", shape, 9 * shape.size());
  }

  private List<Step> rows(String name, Shape shape, long flops) {
    int rows = shape.dim(0);
    int columns = shape.dim(1);
    if (rows == 0) {
      return List.of();
    }
    boolean warp = columns <= CudaLowering.WARP_ROW;
    KernelStep step =
        kernel("normalize_rows.cu", name + (warp ? "_warp" : "_block"))
            .grid(warp ? CudaLowering.ceil(rows, CudaLowering.WARPS) : rows, 1)
            .block(CudaLowering.BLOCK, 1);
    in.forEach(step::reads);
    out.forEach(step::writes);
    return List.of(step.whole(rows).whole(columns).real(epsilon).build(flops));
  }

  private Buffer partial(Shape shape) {
    return schedule.scratch("batch_norm partial", 8L * shape.dim(1) * chunks(shape));
  }

  private KernelStep batchNorm(String name, Shape shape) {
    boolean columns = inner(shape) == 1;
    long groups = columns ? CudaLowering.ceil(shape.dim(1), LANES) : shape.dim(1);
    return kernel("batch_norm.cu", name + (columns ? "_columns" : "_planes"))
        .grid(groups * chunks(shape), 1)
        .block(columns ? LANES : CudaLowering.BLOCK, columns ? CudaLowering.BLOCK / LANES : 1);
  }

  private KernelStep kernel(String file, String name) {
    return CudaLowering.kernel(kernels, file, name, Kernels.elements(type));
  }

  private static KernelStep extents(KernelStep step, Shape shape) {
    return step.whole(shape.dim(1)).whole(inner(shape)).whole(count(shape)).whole(chunks(shape));
  }

  private static long inner(Shape shape) {
    return count(shape) / shape.dim(0);
  }

  private static long count(Shape shape) {
    return shape.size() / shape.dim(1);
  }

  private static long chunks(Shape shape) {
    return CudaLowering.ceil(count(shape), inner(shape) == 1 ? COLUMN_CHUNK : PLANE_CHUNK);
  }
}
