package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.ir.Elementwise.Kind;
import dev.tarn.ir.Fused;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpilogueCompilerTests {
  /** A bias, an image that is added, a ReLU; of results that are bf16 between the two kernels. */
  private static EpilogueCompiler.Source sample(int side, double slope) {
    Shape shape = Shape.of(2, 16, side, side);
    Fused tape =
        new Fused(
            shape,
            List.of(
                new Fused.Load(0),
                new Fused.Load(1),
                new Fused.Apply(Kind.ADD, List.of(0, 1)),
                new Fused.Load(2),
                new Fused.Apply(Kind.ADD, List.of(2, 3)),
                new Fused.Immediate(slope),
                new Fused.Apply(Kind.MAXIMUM, List.of(4, 5))),
            List.of(6),
            List.of(DType.BF16));
    List<Spec> inputs =
        List.of(new Spec(DType.BF16, shape), Spec.f32(16, 1, 1), new Spec(DType.BF16, shape));
    return EpilogueCompiler.compile(tape, inputs, 0, -1);
  }

  @Test
  void textsDoNotDependOnExtentsAndNumbers() {
    assertEquals(sample(7, 0).text(), sample(8, 0.5).text());
    assertEquals(
        List.of(
            new TapeSource.Input(1),
            new TapeSource.Input(2),
            new TapeSource.Real(0.5f),
            new TapeSource.Output(0)),
        sample(8, 0.5).arguments());
  }

  @Test
  void operandsAreLoadedBeforeResultsAreStored() {
    assertEquals(
        """
        #pragma once
        #include "activations.cuh"
        #include "neighbours.cuh"

        namespace tarn {

        struct Epilogue {
          const float *in1;
          const tarn::Bf16 *in3;
          float c5;
          tarn::Bf16 *out0;

          template <bool kAcross, unsigned int kRows, unsigned int kCount, class Index,
                    class Seen = Unseen>
          __device__ __forceinline__ void apply(const float (&sums)[kRows][kCount],
                                                const Index (&at)[kRows],
                                                const unsigned int (&channels)[kRows],
                                                unsigned int exist,
                                                const Seen & = Seen{}) const {
            constexpr unsigned int kMost = kCount > 4 ? 2 : 4;
            constexpr unsigned int kTogether = kRows < kMost ? kRows : kMost;
        #pragma unroll
            for (unsigned int first = 0; first < kRows; first += kTogether) {
              float x1[kTogether][kCount];
              float x3[kTogether][kCount];
        #pragma unroll
              for (unsigned int i = first; i < first + kTogether; i++) {
                load_channels<kAcross>(x1[i - first], in1, exist >> i & 1 ? channels[i] : 0);
                load_neighbours(x3[i - first], in3 + (exist >> i & 1 ? at[i] : 0));
              }
        #pragma unroll
              for (unsigned int i = first; i < first + kTogether; i++) {
                if (!(exist >> i & 1)) continue;
                float y0[kCount];
        #pragma unroll
                for (unsigned int lane = 0; lane < kCount; lane++) {
                  const float r0 = round_bf16(sums[i][lane]);
                  const float r1 = x1[i - first][lane];
                  const float r2 = tarn::add(r0, r1);
                  const float r3 = x3[i - first][lane];
                  const float r4 = tarn::add(r2, r3);
                  const float r5 = c5;
                  const float r6 = tarn::maximum(r4, r5);
                  y0[lane] = r6;
                }
                store_neighbours(out0 + at[i], y0);
              }
            }
          }
        };

        }  // namespace tarn

        #define TARN_EPILOGUE_PARAMETERS const float *in1, const tarn::Bf16 *in3,\
         float c5, tarn::Bf16 *out0
        #define TARN_EPILOGUE tarn::Epilogue{in1, in3, c5, out0}
        """,
        sample(7, 0).text());
  }

  @Test
  void nvccCompilesEpilogues(@TempDir Path directory) throws Exception {
    Nvcc.compile(
        directory,
        KernelSources.read("convolution.cu"),
        Map.of(EpilogueCompiler.HEADER, sample(7, 0).text()),
        "-DTARN_ADJOINT=0",
        "-DTARN_CHANNELS=64",
        "-DTARN_PIXELS=256",
        "-DTARN_TAPS=32");
  }
}
