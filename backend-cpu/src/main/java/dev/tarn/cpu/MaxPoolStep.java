package dev.tarn.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.Pool2d;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.jspecify.annotations.Nullable;

/**
 * Max pooling of images with their channels last by oneDNN, or its gradient. The forward step notes
 * which element of each window was the largest, for the gradient.
 *
 * <p>oneDNN takes NaN for less than any number, and where there is nothing larger it gives the
 * least finite one. So the images are looked through: a part that has a number that is not smaller
 * than the largest finite one is pooled in Java, forward and back.
 */
final class MaxPoolStep extends ChainStep {
  private static final long LEAST_WORK = 1 << 12;

  /** The bits of the largest finite number. */
  private static final int LARGEST = 0x7f7fffff;

  /** What the forward step leaves to the gradient, each for one part. */
  record Winners(List<Buffer> places, boolean[] inJava) {}

  /** What is pooled: {@code [N, C, H, W]} with its channels last in memory. */
  record Geometry(Pool2d op, Shape image) {
    Shape pooled() {
      return op.window().over(op.name(), image);
    }

    int parts(int threads) {
      return Math.min(image.dim(0), Step.parts(threads, image.size(), LEAST_WORK));
    }

    int first(int part, int parts) {
      return (int) begin(image.dim(0), part, parts);
    }
  }

  private final Geometry geometry;
  private final boolean gradient;
  private final List<Buffer> from;
  private final Pool2dStep inJava;
  private final Winners winners;
  private View image = new View(0, 0);

  private MaxPoolStep(
      Dnnl dnnl,
      Geometry geometry,
      boolean remembers,
      @Nullable Winners left,
      List<Buffer> from,
      Buffer to,
      int threads,
      Schedule<?> schedule) {
    this.geometry = geometry;
    this.gradient = left != null;
    this.from = from;
    this.inJava =
        new Pool2dStep(
            geometry.op, gradient, geometry.image, geometry.image.dim(1), from, to, threads);
    int parts = geometry.parts(threads);
    this.winners = left != null ? left : new Winners(new ArrayList<>(), new boolean[parts]);
    addChains(
        dnnl,
        geometry.op.name(),
        Arithmetic.F32,
        geometry.image.dim(0),
        parts,
        schedule,
        (chain, part, first, count) -> fill(chain, dnnl, part, first, count, remembers, to));
  }

  /**
   * The step that pools.
   *
   * @param remembers whether there will be a gradient
   */
  static MaxPoolStep forward(
      Dnnl dnnl,
      Geometry geometry,
      boolean remembers,
      List<Buffer> from,
      Buffer to,
      int threads,
      Schedule<?> schedule) {
    return new MaxPoolStep(dnnl, geometry, remembers, null, from, to, threads, schedule);
  }

  /** The step of the gradient, of x and dy; it also reads the places of the winners. */
  static MaxPoolStep backward(
      Dnnl dnnl,
      Geometry geometry,
      Winners winners,
      List<Buffer> from,
      Buffer to,
      int threads,
      Schedule<?> schedule) {
    return new MaxPoolStep(dnnl, geometry, true, winners, from, to, threads, schedule);
  }

  /** What is left for the gradient. */
  Winners winners() {
    return winners;
  }

  private void fill(
      Chain chain, Dnnl dnnl, int part, int first, int count, boolean remembers, Buffer to) {
    Shape x = geometry.image.with(0, count);
    Shape y = geometry.pooled().with(0, count);
    dnnl_memory_desc large = chain.image(x, true);
    dnnl_memory_desc small = chain.image(y, true);
    PoolWindow v = geometry.op.window();
    long[] strides = {v.strideH(), v.strideW()};
    long[] kernel = {v.kernelH(), v.kernelW()};
    long[] dilation = {0, 0};
    long[] before = {v.padTop(), v.padLeft()};
    // With the last window cut off at the image or reaching beyond its padding.
    long[] after = {
      (y.dim(2) - 1L) * v.strideH() + v.kernelH() - x.dim(2) - v.padTop(),
      (y.dim(3) - 1L) * v.strideW() + v.kernelW() - x.dim(3) - v.padLeft()
    };
    dnnl_primitive_desc forward = new dnnl_primitive_desc();
    chain.own(
        dnnl_pooling_forward_primitive_desc_create(
            forward,
            dnnl.engine(),
            remembers ? dnnl_forward_training : dnnl_forward_inference,
            dnnl_pooling_max,
            large,
            small,
            strides,
            kernel,
            dilation,
            before,
            after,
            chain.attributes()),
        forward);
    long xOffset = 4L * first * x.withoutFirst().size();
    long yOffset = 4L * first * y.withoutFirst().size();
    Map<Integer, Chain.Operand> operands = new HashMap<>();
    if (!gradient) {
      implementation = Chain.implementation(forward);
      operands.put(DNNL_ARG_SRC, new Chain.Operand(large, from.get(0), xOffset));
      operands.put(DNNL_ARG_DST, new Chain.Operand(small, to, yOffset));
      if (remembers) {
        Chain.Operand places = chain.scratch(workspace(forward));
        winners.places.add(places.buffer());
        operands.put(DNNL_ARG_WORKSPACE, places);
      }
      chain.add(forward, operands);
      return;
    }
    dnnl_primitive_desc desc = new dnnl_primitive_desc();
    chain.own(
        dnnl_pooling_backward_primitive_desc_create(
            desc,
            dnnl.engine(),
            dnnl_pooling_max,
            large,
            small,
            strides,
            kernel,
            dilation,
            before,
            after,
            forward,
            chain.attributes()),
        desc);
    implementation = Chain.implementation(desc);
    operands.put(DNNL_ARG_DIFF_DST, new Chain.Operand(small, from.get(1), yOffset));
    operands.put(DNNL_ARG_DIFF_SRC, new Chain.Operand(large, to, xOffset));
    operands.put(
        DNNL_ARG_WORKSPACE, new Chain.Operand(workspace(desc), winners.places.get(part), 0));
    chain.add(desc, operands);
  }

  private static dnnl_memory_desc workspace(dnnl_primitive_desc desc) {
    return dnnl_primitive_desc_query_md(desc, dnnl_query_workspace_md, 0);
  }

  /** Whether oneDNN has only plain loops for these windows. */
  boolean isSlow() {
    return !implementation.startsWith("jit");
  }

  @Override
  void bind(Addresses addresses) {
    super.bind(addresses);
    inJava.bind(addresses);
    image = addresses.view(from.get(0));
  }

  @Override
  void run(int part, Workspace w) {
    int parts = winners.inJava.length;
    int first = geometry.first(part, parts);
    int end = geometry.first(part + 1, parts);
    if (!gradient) {
      long each = geometry.image.withoutFirst().size();
      winners.inJava[part] = !isOrdinary(first * each, end * each, w);
    }
    if (winners.inJava[part]) {
      inJava.run(first, end, w);
    } else {
      super.run(part, w);
    }
  }

  private boolean isOrdinary(long begin, long end, Workspace w) {
    Arrays.fill(w.i1, 0);
    for (long at = begin; at < end; at += Workspace.TILE) {
      int n = (int) Math.min(Workspace.TILE, end - at);
      image.get(at, w.i0, 0, n);
      note(w.i0, w.i1, n);
    }
    return Arrays.stream(w.i1).allMatch(sign -> sign >= 0);
  }

  /** Makes {@code found} negative where an element is as large as the largest, or NaN. */
  private static void note(int[] bits, int[] found, int n) {
    for (int i = 0; i < n; i++) {
      found[i] |= (LARGEST - 1) - (bits[i] & 0x7fffffff);
    }
  }
}
