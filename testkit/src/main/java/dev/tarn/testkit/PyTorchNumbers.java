package dev.tarn.testkit;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The numbers that the scripts in {@code src/main/python} got from PyTorch. */
public final class PyTorchNumbers {
  private final JsonObject root;

  private PyTorchNumbers(JsonObject root) {
    this.root = root;
  }

  /** Reads the committed numbers of small networks. */
  public static PyTorchNumbers read() {
    return read("mlp_numbers");
  }

  /** Reads what a script of {@code src/main/python} wrote. */
  public static PyTorchNumbers read(String script) {
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(
                PyTorchNumbers.class.getResourceAsStream("pytorch/" + script + ".json")),
            StandardCharsets.UTF_8)) {
      return new PyTorchNumbers(JsonParser.parseReader(reader).getAsJsonObject());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An object by the keys that lead to it. */
  public JsonObject object(String... path) {
    JsonObject object = root;
    for (String key : path) {
      object = object.getAsJsonObject(key);
    }
    return object;
  }

  /** An array of numbers. */
  public static double[] numbers(JsonObject object, String key) {
    return numbers(object.get(key));
  }

  /** An array of numbers. */
  public static double[] numbers(JsonElement value) {
    JsonArray array = value.getAsJsonArray();
    double[] out = new double[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).getAsDouble();
    }
    return out;
  }

  /** Numbers as a tensor: f64, or rounded to f32. */
  public static HostTensor tensor(double[] values, Shape shape, boolean inDouble) {
    HostTensor wide = HostTensor.of(values, shape);
    if (inDouble) {
      return wide;
    }
    HostTensor out = HostTensor.of(new float[values.length], shape);
    out.copyFrom(wide);
    return out;
  }
}
