package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise.Kind;
import dev.tarn.ir.Fused;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TapeCompilerTests {
  /** Bias, activation, dropout: a full operand, a row, a mask, an immediate, two results. */
  private static TapeSource sample(int rows, int columns, double slope) {
    Shape shape = Shape.of(rows, columns);
    Fused tape =
        new Fused(
            shape,
            List.of(
                new Fused.Load(0),
                new Fused.Load(1),
                new Fused.Apply(Kind.ADD, List.of(0, 1)),
                new Fused.Immediate(slope),
                new Fused.Apply(Kind.MUL, List.of(2, 3)),
                new Fused.Apply(Kind.MAXIMUM, List.of(2, 4)),
                new Fused.Mask(2, 3, new DropoutMask(shape, rows * 31L, 0.75f)),
                new Fused.Apply(Kind.MUL, List.of(5, 6))),
            List.of(5, 7));
    return TapeCompiler.compile(
        tape, List.of(Spec.f32(shape), Spec.f32(columns), Spec.i32(2), Spec.i32()), false);
  }

  /** Every function and every form of operand. */
  private static TapeSource everything() {
    Shape shape = Shape.of(2, 3, 4, 5);
    List<Spec> inputs =
        List.of(
            Spec.f32(2, 3, 4, 5),
            Spec.f32(),
            Spec.f32(5),
            Spec.f32(4, 5),
            Spec.f32(2, 3, 4, 1),
            Spec.f32(2, 3, 1, 1),
            Spec.f32(3, 1, 1),
            Spec.f32(2, 1, 4, 1));
    List<Fused.Instruction> tape = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      tape.add(new Fused.Load(i));
    }
    for (Kind kind : Kind.values()) {
      int register = tape.size();
      List<Integer> operands =
          List.of(register - 1, register % inputs.size(), (register + 1) % inputs.size());
      tape.add(new Fused.Apply(kind, operands.subList(0, kind.arity())));
    }
    return TapeCompiler.compile(new Fused(shape, tape, List.of(tape.size() - 1)), inputs, false);
  }

  @Test
  void kernelsDoNotDependOnExtentsAndNumbers() {
    assertEquals(sample(32, 64, 0.01).name(), sample(7, 128, 0.2).name());
    assertEquals(sample(32, 64, 0.01).text(), sample(7, 128, 0.2).text());
    assertNotEquals(sample(32, 64, 0.01).name(), sample(32, 63, 0.01).name());
    assertNotEquals(sample(32, 64, 0.01).arguments(), sample(32, 64, 0.2).arguments());
  }

  @Test
  void loadsComeBeforeStores() {
    String text = sample(32, 64, 0.01).text();
    assertEquals(
        """
        extern "C" __global__ void __launch_bounds__(256)
            NAME(unsigned int n, const float *in0, const float *in1, unsigned int in1_0, float c3,\
         const int *m6_seed, const int *m6_step, unsigned int m6_low, unsigned int m6_high,\
         unsigned int m6_threshold, float m6_scale, float *out0, float *out1) {
          const unsigned int base = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
          if (base >= n) return;
          const unsigned int count = min(4u, n - base);
          float x0[4];
          tarn::load_full(x0, in0, base, count);
          float x1[4];
          tarn::load_row_aligned(x1, in1, base, count, in1_0);
          float x6[4];
          tarn::dropout_mask(x6, m6_seed, m6_step, base / 4, m6_low, m6_high, m6_threshold,\
         m6_scale);
          float y0[4];
          float y1[4];
        #pragma unroll
          for (unsigned int lane = 0; lane < 4; lane++) {
            const float r0 = x0[lane];
            const float r1 = x1[lane];
            const float r2 = tarn::add(r0, r1);
            const float r3 = c3;
            const float r4 = tarn::mul(r2, r3);
            const float r5 = tarn::maximum(r2, r4);
            const float r6 = x6[lane];
            const float r7 = tarn::mul(r5, r6);
            y0[lane] = r5;
            y1[lane] = r7;
          }
          tarn::store(out0, y0, base, count);
          tarn::store(out1, y1, base, count);
        }
        """,
        text.replaceAll("tape_[0-9a-f]{16}", "NAME"));
  }

  /** bf16 takes part, and images lie with their channels last. */
  private static TapeSource images() {
    Shape shape = Shape.of(2, 16, 4, 5);
    Fused tape =
        new Fused(
            shape,
            List.of(
                new Fused.Load(0),
                new Fused.Load(1),
                new Fused.Apply(Kind.ADD, List.of(0, 1)),
                new Fused.Load(2),
                new Fused.Apply(Kind.MUL, List.of(2, 3)),
                new Fused.Mask(3, 4, new DropoutMask(shape, 31L, 0.75f)),
                new Fused.Apply(Kind.MUL, List.of(4, 5))),
            List.of(4, 6),
            List.of(DType.BF16, DType.F32));
    List<Spec> inputs =
        List.of(
            new Spec(DType.BF16, shape),
            Spec.f32(16, 1, 1),
            Spec.f32(2, 16, 1, 1),
            Spec.i32(2),
            Spec.i32());
    return TapeCompiler.compile(tape, inputs, true);
  }

  @Test
  void channelsLastAreReadAsTheyLie() {
    String text = images().text();
    assertEquals(8, images().width());
    assertTrue(text.contains("load_full(x0, in0, base, count);"), text);
    assertTrue(text.contains("load_row_aligned(x1, in1, base, count, in1_0);"), text);
    assertTrue(text.contains("load_general(x3, in3, base, count, {in3_0, in3_1, in3_2});"), text);
    assertTrue(text.contains("base, m5_channels, m5_plane, m5_low"), text);
  }

  /** Integers are compared beside bf16, so that a thread has eight of them. */
  private static TapeSource integers() {
    Shape shape = Shape.of(5, 16);
    Fused tape =
        new Fused(
            shape,
            List.of(
                new Fused.Load(0),
                new Fused.Load(1),
                new Fused.Apply(Kind.EQUAL, List.of(0, 1)),
                new Fused.Whole(3),
                new Fused.Load(2),
                new Fused.Apply(Kind.EQUAL, List.of(3, 4)),
                new Fused.Load(3),
                new Fused.Apply(Kind.SELECT, List.of(5, 2, 6))),
            List.of(7));
    List<Spec> inputs =
        List.of(Spec.i32(5, 16), Spec.i32(16), Spec.i32(), new Spec(DType.BF16, shape));
    return TapeCompiler.compile(tape, inputs, false);
  }

  @Test
  void integersStayIntegers() {
    String text = integers().text();
    assertTrue(text.contains("int x0[8];"), text);
    assertTrue(text.contains("int c3"), text);
    assertTrue(text.contains("const int r4 = x4[lane];"), text);
    assertTrue(text.contains("const float r5 = tarn::equal(r3, r4);"), text);
    assertTrue(integers().arguments().contains(new TapeSource.Whole(3)));
  }

  @Test
  void nvccCompilesGeneratedKernels(@TempDir Path directory) throws Exception {
    Nvcc.compile(
        directory,
        TapeSource.PREAMBLE
            + sample(32, 64, 0.01).text()
            + everything().text()
            + images().text()
            + integers().text(),
        Map.of());
  }
}
