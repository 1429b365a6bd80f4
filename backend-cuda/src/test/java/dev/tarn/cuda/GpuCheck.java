package dev.tarn.cuda;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Checks and measures the CUDA backend on the machine it runs on, a part at a time; {@code
 * gpu/check.sh} runs them all.
 */
public final class GpuCheck {
  /** The parts that use the device. */
  static final Map<String, BiFunction<CudaBackend, Boolean, CheckTable>> PARTS = parts();

  private GpuCheck() {}

  private static Map<String, BiFunction<CudaBackend, Boolean, CheckTable>> parts() {
    Map<String, BiFunction<CudaBackend, Boolean, CheckTable>> parts = new LinkedHashMap<>();
    parts.put("trainings", CheckTrainings::run);
    parts.put("parity", CheckParity::run);
    parts.put("bandwidth", CheckBandwidth::run);
    parts.put("convolutions", CheckConvolutions::run);
    parts.put("steps", CheckSteps::run);
    parts.put("profile", CheckProfile::run);
    parts.put("forecast", CheckForecast::run);
    parts.put("flatness", CheckFlatness::run);
    return parts;
  }

  /**
   * Arguments: the folder of the parts' results, and a part, {@code report}, or {@code tests} with
   * a pattern and a title. Exit code 1 if it failed. The property {@code tarn.check.tiny} makes
   * everything small, for the emulator.
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    String part = arguments[1];
    if (part.equals("report")) {
      System.exit(CheckReport.write(folder) ? 0 : 1);
    }
    boolean tiny = Boolean.getBoolean("tarn.check.tiny");
    CheckTable table;
    String name = part;
    if (part.equals("tests")) {
      name = arguments[2];
      table = CheckTests.run(arguments[3], arguments[4]);
    } else {
      table = device(part, tiny);
    }
    write(folder, name, table.toJson());
    System.out.print(CheckTable.markdown(table.toJson()));
    System.exit(table.passed() ? 0 : 1);
  }

  private static CheckTable device(String part, boolean tiny) {
    BiFunction<CudaBackend, Boolean, CheckTable> check = PARTS.get(part);
    if (check == null) {
      return new CheckTable(part).failure("there is no such part; there are " + PARTS.keySet());
    }
    try (CudaBackend backend = (CudaBackend) CudaDevice.open()) {
      return check.apply(backend, tiny).note(backend.description());
    } catch (RuntimeException e) {
      return new CheckTable(part).failure(String.valueOf(e.getMessage()));
    }
  }

  /** What the parts measure with. */
  static DeviceTimer timer(CudaBackend backend, boolean tiny) {
    return tiny ? new DeviceTimer(backend, 1, 0, 1) : new DeviceTimer(backend, 7, 2000, 200);
  }

  private static void write(Path folder, String part, JsonObject json) throws IOException {
    Files.writeString(
        folder.resolve(part + ".json"),
        new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n");
  }
}
