package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Trace;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.internal.Philox;
import dev.tarn.ir.DropoutMask;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks against the generator itself, word by word, across tiles and threads. */
final class DropoutTileTests {
  @ParameterizedTest
  @CsvSource({"1,0.5", "2047,0.9", "2050,0.1", "50001,0.7", "4096,1", "4096,0.0001"})
  void equalsTheGenerator(int n, float keep) {
    int[] seed = {0x89abcdef, 0xf1234567};
    int step = 77;
    DropoutMask op = new DropoutMask(Shape.of(n), 0xfedcba9876543210L, keep);
    Trace trace = new Trace();
    trace.output(
        "mask",
        trace.add(op, trace.input("seed", Spec.i32(2)), trace.input("step", Spec.i32())).get(0));
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(HostTensor.of(seed, 2), HostTensor.scalar(step));
      float[] mask = executable.read().get(0).floats();
      int[] words = new int[4];
      for (int i = 0; i < n; i++) {
        Philox.words(seed[0], seed[1], i / 4, step, 0x76543210, 0xfedcba98, words);
        double fraction = (words[i % 4] & 0xffffffffL) / 4294967296.0;
        assertEquals(fraction < keep ? 1 / keep : 0, mask[i], "element " + i);
      }
    }
  }
}
