package dev.tarn.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EvaluationTests {
  @ParameterizedTest
  @CsvSource({
    "0.07163, 0.0716",
    "999.5, 999.5000",
    "1234.56, 1234.6",
    "'-178213.725', '-178,214'",
    "17821372.5, 1.7821e+07",
    "NaN, NaN"
  })
  void largeValuesHaveFiveDigits(double value, String text) {
    assertEquals(text, Evaluation.text(value));
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", value);
    values.put("mae", 0.5);
    assertEquals("loss " + text + "  mae 0.5000", new Evaluation(values, 1).toString());
  }
}
