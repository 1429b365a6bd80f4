package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.tarn.HostTensor;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that train at the same time share compiled kernels on disk. */
class SharedKernelCacheTests {
  /** Trains some steps and prints a hash of what was learned. */
  static final class Train {
    private Train() {}

    public static void main(String[] arguments) {
      try (Backend backend = Backends.named("cuda");
          Training training = new Training(backend, 16)) {
        training.run(5);
        int hash = 0;
        for (HostTensor state : training.states()) {
          hash = 31 * hash + Arrays.hashCode(state.floats());
        }
        System.out.println("learned " + hash);
      }
    }
  }

  private static ChildJvm child(Path cache) {
    return CudaDevice.child(new ChildJvm(Train.class)).property("tarn.cache", cache);
  }

  @Test
  void twoProcessesFillItAtOnceAndAThirdUsesIt(@TempDir Path cache) throws Exception {
    ChildJvm.Running first = child(cache).start();
    ChildJvm.Running second = child(cache).start();
    String learned = learned(first.finish());
    assertEquals(learned, learned(second.finish()));
    Map<String, Long> sizes = kernels(cache);
    assertFalse(sizes.isEmpty());
    // Were anything compiled again, it would be under another name or not compile at all.
    ChildJvm third = child(cache);
    if (!CudaDevice.isReal()) {
      third.environment("TARN_EMULATOR_CXX", "false");
    }
    assertEquals(learned, learned(third.run()));
    assertEquals(sizes, kernels(cache));
  }

  private static String learned(ChildJvm.Result result) {
    assertEquals(0, result.exitCode(), result.output());
    return result
        .output()
        .lines()
        .filter(line -> line.startsWith("learned "))
        .findFirst()
        .orElseThrow(() -> new AssertionError(result.output()));
  }

  private static Map<String, Long> kernels(Path cache) throws IOException {
    Map<String, Long> sizes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(cache)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".kernel")).toList()) {
        sizes.put(file.getFileName().toString(), Files.size(file));
      }
    }
    return sizes;
  }
}
