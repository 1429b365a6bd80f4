package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Run files, parts of run files and overrides on the pages of the documentation are understood. */
final class DocumentedRunFilesTests {
  private static final Pattern KEYS =
      Pattern.compile("(name|data|model|train|seed|precision|device|report): .+");
  private static final Pattern TRAIN =
      Pattern.compile(
          "(epochs|batch|checkpoint_every|metrics|early_stopping|stop|folds|restarts|clip_norm"
              + "|clip_value|accumulate|schedule|optimizer|loss): .+");
  private static final Pattern OVERRIDE =
      Pattern.compile("(data|model|train|seed|precision|device|report)(\\.\\w+)*=.+");
  private static final String DATA = "data: {set: digits}\n";
  private static final String MODEL = "model: [dense: 16, relu, dense: 10]\n";
  private static final String CLASS = "model: {class: com.acme.Net, args: {width: 64}}\n";
  private static final String TRAINING = "train: {optimizer: adam, epochs: 1, batch: 8}\n";

  static List<Pages.Code> files() throws IOException {
    return Pages.code(
        code ->
            code.fenced()
                ? code.language().equals("yaml")
                : !code.text().contains("...")
                    && (KEYS.matcher(code.text()).matches()
                        || TRAIN.matcher(code.text()).matches()));
  }

  static List<Pages.Code> overrides() throws IOException {
    return Pages.code(code -> !code.fenced() && OVERRIDE.matcher(code.text()).matches());
  }

  private static boolean has(String text, String key) {
    return Pattern.compile("(?m)(^|[ {])" + key + ":").matcher(text).find();
  }

  /** Adds the parts that a run file needs and this text does not have. */
  private static RunConfig parse(Pages.Code code) {
    String text = code.text();
    if (!code.fenced() && TRAIN.matcher(text).matches()) {
      text = "train:\n  " + text;
    }
    List<String> missing = new ArrayList<>();
    if (!Pattern.compile("(?m)^train:").matcher(text).find()) {
      text += "\n" + TRAINING;
    } else {
      for (String each : List.of("optimizer=adam", "epochs=1", "batch=8")) {
        if (!has(text, each.substring(0, each.indexOf('=')))) {
          missing.add("train." + each);
        }
      }
    }
    if (!Pattern.compile("(?m)^model:").matcher(text).find()) {
      text += "\n" + MODEL;
    }
    if (!Pattern.compile("(?m)^data:").matcher(text).find()) {
      text += "\n" + DATA;
    }
    return RunConfig.parse(text, code.page(), Path.of(""), missing);
  }

  @ParameterizedTest
  @MethodSource("files")
  void areReadAndReadBack(Pages.Code code) {
    RunConfig config = parse(code);
    RunConfig again = RunConfig.parse(config.toYaml(), "again.yaml", Path.of(""), List.of());
    assertEquals(config.toYaml(), again.toYaml());
  }

  @ParameterizedTest
  @MethodSource("overrides")
  void overridesApply(Pages.Code code) {
    String model = code.text().startsWith("model.args") ? CLASS : MODEL;
    RunConfig.parse(DATA + model + TRAINING, code.page(), Path.of(""), List.of(code.text()));
  }

  @Test
  void thereAreSome() throws IOException {
    assertTrue(files().size() > 20, files()::toString);
    assertTrue(overrides().size() > 4, overrides()::toString);
  }
}
