package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.cuda.driver.Choices;
import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.cuda.driver.Fill;
import java.nio.file.Path;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TunerTests {
  private static final int MANY = 64 << 20;

  @AutoClose private final CudaBackend backend = (CudaBackend) CudaDevice.open();
  @AutoClose private final DeviceMemory memory = DeviceMemory.allocate(backend.context(), MANY);
  private Choices choices = Choices.of(Path.of("unset"), "");

  @BeforeEach
  void measure(@TempDir Path directory) {
    choices = Choices.of(directory, "a GPU");
    System.clearProperty(Tuner.PROPERTY);
  }

  @AfterEach
  void doNotMeasure() {
    System.setProperty(Tuner.PROPERTY, "0");
  }

  /** Candidates that fill so many bytes. */
  private IntFunction<Command> fills(int... bytes) {
    return i -> Fill.bytes(memory.address(), (byte) 0, bytes[i]);
  }

  @Test
  void theFastestIsChosen() {
    Tuner tuner = new Tuner(backend, choices);
    assertEquals(1, tuner.choose("third", 3, fills(MANY, 1024, MANY / 2)));
    assertEquals(0, tuner.choose("first", 3, fills(1024, MANY, MANY / 2)));
  }

  @Test
  void whatWasMeasuredOnceIsKnown() {
    assertEquals(1, new Tuner(backend, choices).choose("key", 2, fills(MANY, 1024)));
    Tuner later = new Tuner(backend, choices);
    assertEquals(1, later.choose("key", 2, fills(1024, MANY)));
    assertEquals(0, later.choose("another", 2, fills(1024, MANY)));
  }

  /** Another version of Tarn may have fewer candidates. */
  @Test
  void aChoiceThatIsNotThereIsMadeAgain() {
    Tuner tuner = new Tuner(backend, choices);
    assertEquals(2, tuner.choose("key", 3, fills(MANY, MANY / 2, 1024)));
    assertEquals(1, tuner.choose("key", 2, fills(MANY, 1024)));
  }

  @Test
  void aPropertyChooses() {
    System.setProperty(Tuner.PROPERTY, "1");
    Tuner tuner = new Tuner(backend, choices);
    IntFunction<Command> none =
        i -> {
          throw new AssertionError("measured");
        };
    assertEquals(1, tuner.choose("key", 3, none));
    System.setProperty(Tuner.PROPERTY, "7");
    assertEquals(2, tuner.choose("key", 3, none));
    assertEquals(0, tuner.choose("key", 1, none));
  }
}
