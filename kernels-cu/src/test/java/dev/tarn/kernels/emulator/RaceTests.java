package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The order that a kernel leaves open is a fault, whichever order the emulator happened to take.
 */
class RaceTests {

  private static final Map<String, String> LOOKING = Map.of("TARN_EMULATOR_RACES", "1");

  @BeforeAll
  static void build() {
    Emulator.require();
  }

  @Test
  void racesAreFoundAndNamed() throws IOException, InterruptedException {
    Child.Result result = Child.run("races", LOOKING);
    String out = result.output();
    assertEquals(0, result.exit(), out);

    assertRace(
        "neighbour_too_early",
        "block \\(0,0,0\\), thread \\(1,0,0\\), races.cu:7: writes shared memory"
            + " that block \\(0,0,0\\), thread \\(0,0,0\\) read at races.cu:8",
        out);
    assertRace(
        "overwritten_too_early", "races.cu:22: reads shared memory .* wrote at races.cu:23", out);
    assertRace(
        "another_warp_reads", "thread \\(63,0,0\\), races.cu:33: .* read at races.cu:31", out);
    assertRace("warp_without_barrier", "races.cu:40: reads shared memory .* races.cu:38", out);
    assertRace(
        "blocks_collide",
        "block \\(1,0,0\\), thread \\(5,0,0\\), races.cu:57: writes memory at byte 28 of its allocation"
            + " that block \\(0,0,0\\), thread \\(5,0,0\\) wrote",
        out);
    assertRace(
        "another_block_reads", "block \\(2,0,0\\), .* races.cu:64: writes memory at byte 0", out);
    assertRace(
        "read_while_counted",
        "races.cu:72: atomically updates memory at byte 0 .* read at races.cu:73",
        out);
    assertRace("last_block_not_released", "block \\(2,0,0\\), .* wrote at races.cu:82", out);
    assertRace("last_block_not_acquired", "block \\(2,0,0\\), .* wrote at races.cu:82", out);
    assertRace(
        "last_block_counts_too_early",
        "block \\(2,0,0\\), thread \\(0,0,0\\), races.cu:116: reads memory at byte 4 .*"
            + " that block \\(1,0,0\\), thread \\(63,0,0\\) wrote at races.cu:109",
        out);
    assertRace("last_block_not_gathered", "block \\(2,0,0\\), .* wrote at races.cu:82", out);
  }

  @Test
  void whatIsOrderedIsNoRace() throws IOException, InterruptedException {
    String out = Child.run("races", LOOKING).output();
    for (String kernel :
        new String[] {"neighbour", "warp_barrier", "bytes_apart", "counted", "last_block"}) {
      assertTrue(out.lines().anyMatch((kernel + ": none")::equals), kernel + "\n" + out);
    }
  }

  /** They look as if they worked. */
  @Test
  void withoutTheVariableNobodyLooks() throws IOException, InterruptedException {
    String out = Child.run("races", Map.of()).output();
    assertEquals(16, out.lines().filter(line -> line.endsWith(": none")).count(), out);
  }

  private static void assertRace(String kernel, String expression, String output) {
    assertTrue(output.contains(kernel + ": CUDA_ERROR_LAUNCH_FAILED"), kernel + "\n" + output);
    Pattern message = Pattern.compile("kernel " + kernel + ", .*" + expression + ".*: data race");
    assertTrue(message.matcher(output).find(), message + "\n" + output);
  }
}
