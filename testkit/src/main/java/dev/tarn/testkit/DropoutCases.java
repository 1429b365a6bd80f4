package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.internal.Philox;
import dev.tarn.ir.DropoutMask;
import java.util.ArrayList;
import java.util.List;

/** Dropout masks, bit for bit what the words of Philox say. */
final class DropoutCases {
  private static final long STREAM = 0xfedcba9876543210L;

  private DropoutCases() {}

  static List<OpCase> all() {
    return List.of(
        masks(0.5f, 1, 3, 17, 33, 257, 4099),
        masks(0.9f, 4, 1000),
        masks(0.1f, 257),
        masks(1.0f, 257),
        streams(),
        applied(),
        spatial());
  }

  private static OpCase seeded(String name) {
    return OpCase.named(name)
        .steps(3)
        .input(Trace.SEED, Spec.i32(2), Fill.bits())
        .input(Trace.STEP, Spec.i32(), Fill.step());
  }

  private static OpCase masks(float keep, int... sizes) {
    return seeded("dropout masks with keep " + keep)
        .program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              for (int size : sizes) {
                out.add(
                    trace.add(new DropoutMask(Shape.of(size), STREAM, keep), in[0], in[1]).get(0));
              }
              return out;
            })
        .exactly(
            data -> {
              List<HostTensor> out = new ArrayList<>();
              for (int size : sizes) {
                out.add(
                    mask(new DropoutMask(Shape.of(size), STREAM, keep), data.get(0), data.get(1)));
              }
              return out;
            });
  }

  private static OpCase streams() {
    Shape shape = Shape.of(3, 5, 7);
    return seeded("dropout masks of several streams")
        .program(
            (trace, in) ->
                List.of(
                    trace.dropoutMask("a", shape, 0.5f),
                    trace.dropoutMask("a", shape, 0.5f),
                    trace.dropoutMask("b", shape, 0.5f)))
        .exactly(
            data -> {
              List<HostTensor> out = new ArrayList<>();
              for (String path : List.of("a/0", "a/1", "b/0")) {
                long stream = Philox.stream("dropout/" + path);
                out.add(mask(new DropoutMask(shape, stream, 0.5f), data.get(0), data.get(1)));
              }
              return out;
            });
  }

  private static OpCase applied() {
    return seeded("dropout in a chain")
        .by("x", Spec.f32(33, 17), Fill.normal(1))
        .by("b", Spec.f32(17), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor mask = trace.dropoutMask("fc", in[2].shape(), 0.25f);
              Tensor other = trace.dropoutMask("fc", Shape.of(17), 0.25f);
              return List.of(
                  in[2].add(in[3]).tanh().mul(mask), in[2].mul(other), in[2].mul(mask).sum(0));
            });
  }

  /** Whole channels: element {@code n C + c} of the mask decides, whatever the extents are. */
  private static OpCase spatial() {
    Shape mask = Shape.of(3, 5, 1, 1);
    return seeded("spatial dropout")
        .input("x", Spec.f32(3, 5, 7, 3), Fill.normal(1))
        .program((trace, in) -> List.of(in[2].mul(trace.dropoutMask("a", mask, 0.5f))))
        .exactly(
            data -> {
              long stream = Philox.stream("dropout/a/0");
              HostTensor of = mask(new DropoutMask(mask, stream, 0.5f), data.get(0), data.get(1));
              HostTensor out = HostTensor.zeros(data.get(2).spec());
              for (int i = 0; i < out.size(); i++) {
                out.set(i, data.get(2).get(i) * of.get(i / 21));
              }
              return List.of(out);
            });
  }

  /** The mask that a seed and a step give. */
  static HostTensor mask(DropoutMask op, HostTensor seed, HostTensor step) {
    float[] out = new float[op.shape().intSize()];
    int[] words = new int[4];
    int low = (int) op.stream();
    int high = (int) (op.stream() >>> 32);
    for (int i = 0; i < out.length; i++) {
      Philox.words(seed.ints()[0], seed.ints()[1], i / 4, step.ints()[0], low, high, words);
      double fraction = (words[i % 4] & 0xffffffffL) / 4294967296.0;
      out[i] = fraction < op.keep() ? 1 / op.keep() : 0;
    }
    return HostTensor.of(out, op.shape());
  }
}
