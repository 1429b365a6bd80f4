package dev.tarn.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.report.ModelGraph.Level;
import java.awt.BasicStroke;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class PicturesTests {
  static Stream<List<Double>> curves() {
    return Stream.of(
        List.of(0.5),
        List.of(0.5, 0.5),
        List.of(0.0, 0.0, 0.0),
        List.of(-5.0, -5.0),
        List.of(Double.NaN, 0.5, Double.POSITIVE_INFINITY, 0.25),
        List.of(1e-30, 1e30),
        List.of(0.0, 1e-12),
        Collections.nCopies(3000, 0.25));
  }

  @ParameterizedTest
  @MethodSource("curves")
  void everyCurveIsDrawn(List<Double> losses) throws Exception {
    History history =
        Samples.history(
            losses.size(), i -> Map.of("loss", losses.get(Math.min(i, losses.size()) - 1)));
    List<Double> x = new ArrayList<>();
    for (int i = 1; i <= losses.size(); i++) {
      x.add(i * 1e-4);
    }
    Curve curve = new Curve(x, losses);
    for (Picture picture :
        List.of(
            Pictures.curve(history, "loss").orElseThrow(),
            Pictures.learningRate(curve).orElseThrow(),
            Pictures.learningRateFinder(curve, 2e-4).orElseThrow(),
            Pictures.learningRateFinder(curve, Double.NaN).orElseThrow())) {
      Samples.parse(picture.svg());
    }
  }

  @Test
  void aLogarithmicAxisIsWrittenInOneStyle() {
    assertEquals("1e4", Charts.ticks(List.of(1e3, 180e3)).apply(1e4));
    assertEquals("1e0", Charts.ticks(List.of(1e-7, 10.0)).apply(1.0));
    assertEquals("0.1", Charts.ticks(List.of(0.01, 10.0)).apply(0.1));
    assertEquals("2.5e-3", Texts.power(0.0025));
    assertEquals("1e0", Texts.power(1));
    assertEquals("1e10", Texts.power(1e10));
  }

  @Test
  void whatWasNeverFiniteHasNoCurve() {
    History history = Samples.history(3, i -> Map.of("loss", Double.NaN));
    assertTrue(Pictures.curve(history, "loss").isEmpty());
    assertTrue(Pictures.curve(history, "unknown").isEmpty());
    assertTrue(Pictures.learningRate(new Curve(List.of(), List.of())).isEmpty());
    assertTrue(Pictures.learningRate(Samples.history()).isPresent());
  }

  @Test
  void thinningKeepsTheExtremes() {
    List<Double> x = new ArrayList<>();
    List<Double> y = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      x.add((double) i);
      y.add(i == 4321 ? 9.0 : i == 4322 ? -9.0 : Math.sin(i));
    }
    Curve thin = new Curve(x, y).thinned(100);
    assertEquals(200, thin.x().size());
    assertEquals(4321, thin.x().get(thin.y().indexOf(9.0)));
    assertEquals(4322, thin.x().get(thin.y().indexOf(-9.0)));
    assertEquals(thin.x().stream().sorted().toList(), thin.x());
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.ValueSource(ints = {2, 10, 40, 100})
  void theConfusionMatrixShowsItsCounts(int classes) throws Exception {
    int[][] counts = new int[classes][classes];
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < classes; i++) {
      counts[i][i] = 90;
      counts[i][(i + 1) % classes] += 7;
      labels.add("class <" + i + ">");
    }
    String svg = Pictures.confusion(new ConfusionMatrix(counts, labels)).svg();
    Samples.parse(svg);
    assertEquals(classes, svg.split(">90</text>", -1).length - 1);
    assertEquals(classes, svg.split(">7</text>", -1).length - 1);
    assertTrue(svg.contains("class &lt;1&gt;</text>"));
  }

  @Test
  void theLegendOfFewClassesFitsThePicture() throws Exception {
    ConfusionMatrix matrix = new ConfusionMatrix(new int[][] {{3, 0}, {1, 2}}, List.of("a", "b"));
    Picture picture = Pictures.confusion(matrix);
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png(1)));
    for (int x = image.getWidth() - 6; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        assertEquals(0xffffffff, image.getRGB(x, y), "ink at the right edge");
      }
    }
  }

  @Test
  void aPngIsAsLargeAsItSays() throws Exception {
    Picture picture = Pictures.graph(ModelGraph.of(Samples.program(), Level.NODES));
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png(2)));
    assertEquals(2 * picture.width(), image.getWidth());
    assertEquals(2 * picture.height(), image.getHeight());
    assertEquals(0xffffffff, image.getRGB(0, 0));
    Samples.parse(picture.svg());
  }

  @Test
  void imagesAreStretchedFromBlackToWhite() {
    BufferedImage grey = Images.of(HostTensor.of(new float[] {-1, 0, 1, Float.NaN}, 1, 2, 2));
    assertArrayEquals(
        new int[] {0xff000000, 0xff808080, 0xffffffff},
        new int[] {grey.getRGB(0, 0), grey.getRGB(1, 0), grey.getRGB(0, 1)});
    BufferedImage colour = Images.of(HostTensor.of(new float[] {1, 0, 0.5f}, 3, 1, 1));
    assertEquals(0xffff0080, colour.getRGB(0, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Mistake(HostTensor.of(new float[8], 2, 2, 2), "a", "b", 1));
  }

  @Test
  void coloursHaveAClassForDarkPages() {
    String svg = Pictures.curve(Samples.history(), "loss").orElseThrow().svg();
    assertTrue(svg.contains("class=\"s-blue\" stroke=\"#0064a5\""));
    assertTrue(svg.contains(".s-blue { stroke: #6cb8f0; }"));
    assertFalse(svg.contains("stroke=\"#000000\"") || svg.contains("fill=\"#000000\""), "black");
  }

  @Test
  void linesThatGoOnAreOnePath() {
    SvgGraphics graphics = new SvgGraphics("x");
    graphics.setColor(Theme.INK);
    graphics.setStroke(new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER));
    graphics.drawLine(0, 0, 1, 2);
    graphics.drawLine(1, 2, 3, 4);
    graphics.drawLine(5, 6, 7, 8);
    String tail = " fill=\"none\" class=\"s-ink\" stroke=\"#1c2128\" stroke-width=\"1\"/>\n";
    assertEquals(
        "<path d=\"M0 0L1 2L3 4\"" + tail + "<path d=\"M5 6L7 8\"" + tail, graphics.toString());
  }
}
