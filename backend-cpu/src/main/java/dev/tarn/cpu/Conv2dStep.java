package dev.tarn.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.Shape;
import dev.tarn.Window2d;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A convolution or one of its adjoints by oneDNN: x {@code [N,C,H,W]}, w {@code [O,C/g,kH,kW]}, y
 * {@code [N,O,P,Q]}; w is plain in memory, x and y are plain or have their channels last.
 *
 * <p>The batch is divided among the threads. Each part is a chain of its own: operands that are not
 * in the format that oneDNN's convolution wants are reordered on the way in and out. The gradient
 * by the kernel gives one partial result per part, to be summed.
 */
final class Conv2dStep extends ChainStep {
  private static final Logger LOG = LoggerFactory.getLogger(Conv2dStep.class);

  /** Below this many operations per part a second thread costs more than it gives. */
  private static final long LEAST_FLOPS = 1 << 18;

  /**
   * An implementation of the gradient by x with strides that comes first but was measured to take
   * 1.4 to 2.4 times as long as the one after it.
   */
  private static final String SLOW = "brgconv_strided";

  /** What is computed from the other two. */
  enum Pass {
    FORWARD,
    GRAD_INPUT,
    GRAD_WEIGHT
  }

  /** The shapes, and whether x and y have their channels last in memory. */
  record Geometry(Window2d window, Shape x, Shape w, Shape y, boolean xLast, boolean yLast) {
    /** Multiplications and additions, those with padding counted. */
    long flops() {
      return 2 * y.size() * w.withoutFirst().size();
    }

    /** Into how many parts the batch is divided. */
    int parts(int threads) {
      return Math.min(x.dim(0), Step.parts(threads, flops(), LEAST_FLOPS));
    }
  }

  private final Geometry geometry;
  private final Pass pass;
  private final String label;

  /**
   * Prepares the primitives; their scratch memory is added to the schedule.
   *
   * @param arithmetic f32, or bf16 math
   * @param buffers x, w and y; the one that is computed holds a partial result per part if it is w;
   *     then a bias of y's channels if there is one to be added
   */
  Conv2dStep(
      Dnnl dnnl,
      String label,
      Geometry geometry,
      Pass pass,
      Arithmetic arithmetic,
      List<Buffer> buffers,
      int threads,
      Schedule<?> schedule) {
    this.geometry = geometry;
    this.pass = pass;
    this.label = label;
    addChains(
        dnnl,
        label,
        arithmetic,
        geometry.x.dim(0),
        geometry.parts(threads),
        schedule,
        (chain, part, first, count) -> fill(chain, dnnl, part, first, count, buffers));
    if (implementation.contains("ref")) {
      LOG.warn("{}: oneDNN has only its plain loops for this shape, which are slow", label);
    }
  }

  private void fill(Chain chain, Dnnl dnnl, int part, int first, int count, List<Buffer> buffers) {
    Shape x = geometry.x.with(0, count);
    Shape y = geometry.y.with(0, count);
    dnnl_memory_desc xFactor = chain.factor(x, geometry.xLast);
    dnnl_memory_desc yFactor = chain.factor(y, geometry.yLast);
    long[] w = longs(geometry.w);
    int groups = geometry.window.groups();
    if (groups > 1) {
      w = new long[] {groups, w[0] / groups, w[1], w[2], w[3]};
    }
    long partial = pass == Pass.GRAD_WEIGHT ? 4 * part * geometry.w.size() : 0;
    Chain.Operand xs = at(chain, buffers.get(0), first, count, geometry.x, geometry.xLast);
    Chain.Operand ws = new Chain.Operand(chain.plain(w), buffers.get(1), partial);
    Chain.Operand ys = at(chain, buffers.get(2), first, count, geometry.y, geometry.yLast);
    dnnl_memory_desc bias = buffers.size() > 3 ? chain.plain(geometry.y.dim(1)) : null;
    dnnl_primitive_desc forward = new dnnl_primitive_desc();
    Window2d v = geometry.window;
    long[] strides = {v.strideH(), v.strideW()};
    long[] dilates = {v.dilationH() - 1, v.dilationW() - 1};
    long[] before = {v.padTop(), v.padLeft()};
    long[] after = {v.padBottom(), v.padRight()};
    chain.own(
        dnnl_convolution_forward_primitive_desc_create(
            forward,
            dnnl.engine(),
            dnnl_forward_training,
            dnnl_convolution_direct,
            xFactor,
            chain.factor(w),
            bias,
            chain.result(y, geometry.yLast),
            strides,
            dilates,
            before,
            after,
            chain.attributes()),
        forward);
    dnnl_primitive_desc desc = new dnnl_primitive_desc();
    switch (pass) {
      case FORWARD -> {
        implementation = Chain.implementation(forward);
        Chain.Operand xf = chain.input(xs, forward, dnnl_query_src_md);
        Chain.Operand wf = chain.input(ws, forward, dnnl_query_weights_md);
        Chain.Operand yf = chain.wanted(ys, forward, dnnl_query_dst_md);
        Map<Integer, Chain.Operand> operands = new HashMap<>();
        operands.put(DNNL_ARG_SRC, xf);
        operands.put(DNNL_ARG_WEIGHTS, wf);
        operands.put(DNNL_ARG_DST, yf);
        if (bias != null) {
          operands.put(DNNL_ARG_BIAS, new Chain.Operand(bias, buffers.get(3), 0));
        }
        chain.add(forward, operands);
        chain.output(yf, ys);
      }
      case GRAD_INPUT -> {
        chain.own(
            dnnl_convolution_backward_data_primitive_desc_create(
                desc,
                dnnl.engine(),
                dnnl_convolution_direct,
                chain.result(x, geometry.xLast),
                chain.factor(w),
                yFactor,
                strides,
                dilates,
                before,
                after,
                forward,
                chain.attributes()),
            desc);
        if (Chain.implementation(desc).startsWith(SLOW)) {
          chain.next(desc);
        }
        implementation = Chain.implementation(desc);
        Chain.Operand yf = chain.input(ys, desc, dnnl_query_diff_dst_md);
        Chain.Operand wf = chain.input(ws, desc, dnnl_query_weights_md);
        Chain.Operand xf = chain.wanted(xs, desc, dnnl_query_diff_src_md);
        chain.add(desc, Map.of(DNNL_ARG_DIFF_DST, yf, DNNL_ARG_WEIGHTS, wf, DNNL_ARG_DIFF_SRC, xf));
        chain.output(xf, xs);
      }
      case GRAD_WEIGHT -> {
        chain.own(
            dnnl_convolution_backward_weights_primitive_desc_create(
                desc,
                dnnl.engine(),
                dnnl_convolution_direct,
                xFactor,
                chain.any(w),
                null,
                yFactor,
                strides,
                dilates,
                before,
                after,
                forward,
                chain.attributes()),
            desc);
        implementation = Chain.implementation(desc);
        Chain.Operand xf = chain.input(xs, desc, dnnl_query_src_md);
        Chain.Operand yf = chain.input(ys, desc, dnnl_query_diff_dst_md);
        Chain.Operand wf = chain.wanted(ws, desc, dnnl_query_diff_weights_md);
        chain.add(desc, Map.of(DNNL_ARG_SRC, xf, DNNL_ARG_DIFF_DST, yf, DNNL_ARG_DIFF_WEIGHTS, wf));
        chain.output(wf, ws);
      }
    }
  }

  private static Chain.Operand at(
      Chain chain, Buffer buffer, int first, int count, Shape shape, boolean channelsLast) {
    long offset = 4 * first * shape.withoutFirst().size();
    return new Chain.Operand(chain.image(shape.with(0, count), channelsLast), buffer, offset);
  }

  private static long[] longs(Shape shape) {
    long[] out = new long[shape.rank()];
    for (int i = 0; i < out.length; i++) {
      out[i] = shape.dim(i);
    }
    return out;
  }

  @Override
  long flops() {
    return geometry.flops();
  }

  @Override
  public String toString() {
    return label;
  }
}
