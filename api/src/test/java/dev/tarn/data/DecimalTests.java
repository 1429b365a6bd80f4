package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every number is the float that {@link Float#parseFloat} gives, bit for bit. */
final class DecimalTests {
  private static float parse(String text) {
    return parse(text, '.');
  }

  private static float parse(String text, char mark) {
    char[] padded = ("x" + text + "y").toCharArray();
    return Decimal.parse(padded, 1, padded.length - 1, mark);
  }

  private static void assertSame(String text) {
    int wanted = Float.floatToRawIntBits(Float.parseFloat(text));
    assertEquals(wanted, Float.floatToRawIntBits(parse(text)), text);
  }

  @Test
  void commas() {
    for (String text : List.of("1.5", "-12.75", ".5", "3.4028235e38", "16777217.0000001")) {
      int wanted = Float.floatToRawIntBits(Float.parseFloat(text));
      float given = parse(text.replace('.', ','), ',');
      assertEquals(wanted, Float.floatToRawIntBits(given), text);
      assertTrue(Float.isNaN(parse(text, ',')), text);
    }
  }

  @Test
  void plain() {
    List.of(
            "0",
            "-0",
            "1",
            "+1.5",
            ".5",
            "5.",
            "-12.75",
            "3.4028235e38",
            "1.4e-45",
            "1e-50",
            "16777217",
            "0.1",
            "1E5",
            "1e+22",
            "1e23",
            "00000000000000000000000012",
            "9007199254740993e-10")
        .forEach(DecimalTests::assertSame);
  }

  @Test
  void numbersHalfwayBetweenTwoFloats() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt() & 0x7fffffff);
      if (value < 1e-12 || value > 1e12 || !Float.isFinite(value)) {
        continue;
      }
      BigDecimal half =
          new BigDecimal(value)
              .add(new BigDecimal(Math.nextUp(value)))
              .divide(BigDecimal.valueOf(2));
      BigDecimal hair = half.movePointLeft(17);
      assertSame(half.toString());
      assertSame(half.add(hair).toString());
      assertSame(half.subtract(hair).toPlainString());
    }
  }

  @Test
  void numbersAsProgramsWriteThem() {
    Random random = new Random(2);
    for (int i = 0; i < 50_000; i++) {
      double value = random.nextGaussian() * Math.pow(10, random.nextInt(60) - 30);
      assertSame(String.format(Locale.ROOT, "%.18e", value));
      assertSame(String.valueOf(value));
      assertSame(String.format(Locale.ROOT, "%.5f", random.nextGaussian()));
    }
  }

  @Test
  void whatIsNoDecimalNumber() {
    for (String text :
        List.of(
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "1.2.3",
            "1,5",
            "0x10",
            "1f",
            "NaN",
            "Infinity",
            "1e39",
            "--1",
            "1 2",
            "٣",
            "1e5x")) {
      assertTrue(Float.isNaN(parse(text)), text);
    }
  }
}
