package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tarn.testkit.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every part of the check runs and passes in its tiny form. */
class GpuCheckTests {
  /** Bytes of the emulator's device for the part that fills it. */
  private static final int MEMORY = 1 << 30;

  static Set<String> parts() {
    Set<String> parts = new LinkedHashSet<>(GpuCheck.PARTS.keySet());
    parts.remove("forecast");
    return parts;
  }

  @ParameterizedTest
  @MethodSource("parts")
  void aPartPasses(String part) {
    try (CudaBackend backend = (CudaBackend) CudaDevice.open()) {
      CheckTable table = GpuCheck.PARTS.get(part).apply(backend, true);
      JsonObject json = table.toJson();
      assertTrue(table.passed(), () -> CheckTable.markdown(json));
      assertFalse(json.getAsJsonArray("rows").isEmpty());
    }
  }

  @Test
  void aGpuThatIsAlmostFull(@TempDir Path parts) throws Exception {
    ChildJvm.Result result =
        CudaDevice.child(new ChildJvm(GpuCheck.class))
            .property("tarn.cache", System.getProperty("tarn.cache"))
            .property("tarn.check.tiny", true)
            .environment("TARN_EMULATOR_MEMORY", MEMORY)
            .timeoutSeconds(300)
            .run(parts, "forecast");
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(Files.readString(parts.resolve("forecast.json")).contains("are refused before"));
  }

  @Test
  void theReportPutsPyTorchBesideTheSteps(@TempDir Path results) throws Exception {
    Path parts = Files.createDirectories(results.resolve("parts"));
    CheckTable steps = new CheckTable("Steps", "workload", "precision", "examples/s");
    steps.row("mlp-64", "fp32", 3000.0).row("mlp-64", "bf16", 10.0);
    Files.writeString(parts.resolve("steps.json"), steps.toJson().toString());
    CheckTable peers = new CheckTable("PyTorch", "workload", "precision", "mode", "examples/s");
    peers.row("mlp-64", "fp32", "eager", 1000.0).row("mlp-64", "fp32", "graph", 1500.0);
    Files.writeString(parts.resolve("pytorch.json"), peers.toJson().toString());
    assertTrue(CheckReport.write(parts));
    JsonObject row =
        JsonParser.parseString(Files.readString(results.resolve("result.json")))
            .getAsJsonObject()
            .getAsJsonObject("parts")
            .getAsJsonObject("steps")
            .getAsJsonArray("rows")
            .get(0)
            .getAsJsonObject();
    assertEquals(1000, row.get("PyTorch eager").getAsDouble());
    assertEquals(2, row.get("times PyTorch's best").getAsDouble());
    assertTrue(
        Files.readString(results.resolve("result.md"))
            .contains("| mlp-64 | fp32 | 3000 | 1000 | 1500 | 2 |"));
  }

  @Test
  void aPartThatBrokeOffFailsTheReport(@TempDir Path results) throws Exception {
    Path parts = Files.createDirectories(results.resolve("parts"));
    Files.writeString(parts.resolve("steps.json"), "{\"pas");
    assertFalse(CheckReport.write(parts));
    assertTrue(Files.readString(results.resolve("result.md")).contains("| steps | FAILED |"));
  }
}
