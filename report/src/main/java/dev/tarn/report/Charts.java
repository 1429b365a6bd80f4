package dev.tarn.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Charts with lines. */
final class Charts {
  private static final int WIDTH = 430;
  private static final int HEIGHT = 290;

  /** The least distance between the ticks of the lower axis. */
  private static final int TICKS = 60;

  /** Longer curves are thinned to twice this many points, more than the chart has pixels. */
  private static final int PARTS = 500;

  /** Curves of at most this many points show each of them. */
  private static final int MARKED = 25;

  /** Positive values over a wider range than this are shown on a logarithmic axis. */
  private static final double WIDE = 50;

  private static final BasicStroke SOLID =
      new BasicStroke(2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND);
  private static final BasicStroke DASHED =
      new BasicStroke(2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, new float[] {6, 3}, 0);

  private record Line(String name, Curve curve, Color color, BasicStroke stroke, Marker marker) {
    Line {
      curve = curve.finite().thinned(PARTS);
    }

    boolean marked() {
      return curve.x().size() <= MARKED;
    }

    /**
     * The points to be drawn. XChart puts ticks at the points where these are equally spaced, which
     * gives crooked numbers for long curves: a point in the middle of the first stretch prevents
     * it.
     */
    Curve drawn() {
      if (marked()) {
        return curve;
      }
      List<Double> x = new ArrayList<>(curve.x());
      List<Double> y = new ArrayList<>(curve.y());
      x.add(1, (x.get(0) + x.get(1)) / 2);
      y.add(1, (y.get(0) + y.get(1)) / 2);
      return new Curve(x, y);
    }
  }

  private Charts() {}

  /**
   * A loss or metric over the epochs, for training and validation; null if no value is finite.
   *
   * @param name as in the history
   */
  static @Nullable Picture overEpochs(History history, String name) {
    boolean percent = name.endsWith("accuracy");
    List<Line> lines = new ArrayList<>();
    Curve training = scaled(history.curve(name, false), percent ? 100 : 1);
    Curve validation = scaled(history.curve(name, true), percent ? 100 : 1);
    lines.add(new Line("training", training, Theme.BLUE, SOLID, SeriesMarkers.CIRCLE));
    lines.add(new Line("validation", validation, Theme.ORANGE, DASHED, SeriesMarkers.SQUARE));
    lines.removeIf(line -> line.curve().x().isEmpty());
    if (lines.isEmpty()) {
      return null;
    }
    boolean loss = name.equals("loss");
    String description =
        Texts.title(name) + " over " + Texts.count(history.epochs().size(), "epoch");
    for (Line line : lines) {
      List<Double> y = line.curve().y();
      description +=
          String.format(
              "; %s from %s to %s",
              line.name(), Texts.value(y.get(0)), Texts.value(y.get(y.size() - 1)));
    }
    Line judged = lines.get(lines.size() - 1);
    if (loss && judged.curve().x().size() > 1) {
      int best = judged.curve().y().indexOf(judged.curve().y().stream().min(Double::compare).get());
      String epoch = Texts.tick(judged.curve().x().get(best));
      Curve point =
          new Curve(
              judged.curve().x().subList(best, best + 1),
              judged.curve().y().subList(best, best + 1));
      lines.add(new Line("lowest: epoch " + epoch, point, Theme.INK, SOLID, SeriesMarkers.DIAMOND));
      description += "; lowest in " + judged.name() + " at epoch " + epoch;
    }
    XYChart chart = chart(Texts.title(name), "Epoch", unit(name), lines);
    wholeNumbers(chart, lines);
    if (loss && isWide(lines)) {
      logarithmicY(chart, lines);
    }
    return picture(Texts.slug(name), description, chart);
  }

  private static String unit(String name) {
    if (name.equals("loss")) {
      return "Loss per example";
    }
    return name.endsWith("accuracy") ? Texts.title(name) + " (%)" : Texts.title(name);
  }

  /**
   * The learning rate; null if no value is finite.
   *
   * @param over what x is: Epoch or Step
   */
  static @Nullable Picture learningRate(Curve curve, String over) {
    Curve finite = curve.finite();
    double most = finite.y().stream().mapToDouble(Math::abs).max().orElse(Double.NaN);
    if (Double.isNaN(most)) {
      return null;
    }
    int exponent = most == 0 ? 0 : (int) Math.floor(Math.log10(most));
    boolean small = exponent < 0;
    Line line =
        new Line(
            "learning rate",
            scaled(finite, small ? Math.pow(10, -exponent) : 1),
            Theme.BLUE,
            SOLID,
            SeriesMarkers.CIRCLE);
    String unit = small ? " (\u00d7 1e" + exponent + ")" : "";
    XYChart chart = chart("Learning rate", over, "Learning rate" + unit, List.of(line));
    chart.getStyler().setLegendVisible(false);
    wholeNumbers(chart, List.of(line));
    List<Double> y = finite.y();
    String description =
        String.format(
            "Learning rate over %ss, from %s to %s",
            over.toLowerCase(Locale.ROOT), Texts.value(y.get(0)), Texts.value(y.get(y.size() - 1)));
    return picture("learning-rate", description, chart);
  }

  /** The loss over growing learning rates; null if no loss is finite. */
  static @Nullable Picture learningRateFinder(Curve curve, double suggested) {
    Line line = new Line("loss", curve, Theme.BLUE, SOLID, SeriesMarkers.NONE);
    if (line.curve().x().isEmpty()) {
      return null;
    }
    List<Line> lines = new ArrayList<>(List.of(line));
    boolean marked = Double.isFinite(suggested) && suggested > 0;
    if (marked) {
      double height = interpolate(line.curve(), suggested);
      Curve point = new Curve(List.of(suggested), List.of(height));
      String name = "suggested: " + Texts.tick(suggested);
      lines.add(new Line(name, point, Theme.ORANGE, SOLID, SeriesMarkers.DIAMOND));
    }
    XYChart chart = chart("Learning rate finder", "Learning rate (logarithmic)", "Loss", lines);
    XYStyler styler = chart.getStyler();
    styler.setXAxisLogarithmic(true).setXAxisLogarithmicDecadeOnly(true);
    styler.setXAxisTickLabelsFormattingFunction(ticks(line.curve().x()));
    if (marked) {
      styler.setAnnotationLineColor(Theme.ORANGE).setAnnotationLineStroke(DASHED);
      chart.addAnnotation(new AnnotationLine(suggested, true, false));
    }
    if (isWide(lines)) {
      logarithmicY(chart, lines);
    }
    String description = "Loss over the learning rate";
    return picture(
        "learning-rate-finder",
        marked ? description + "; suggested is " + Texts.tick(suggested) : description,
        chart);
  }

  /** The value of a curve at x, on a straight line between its neighbours over the logarithm. */
  private static double interpolate(Curve curve, double x) {
    int i = 1;
    while (i < curve.x().size() - 1 && curve.x().get(i) < x) {
      i++;
    }
    if (curve.x().size() == 1) {
      return curve.y().get(0);
    }
    double left = Math.log(curve.x().get(i - 1));
    double t = (Math.log(x) - left) / (Math.log(curve.x().get(i)) - left);
    t = Math.max(0, Math.min(1, t));
    return (1 - t) * curve.y().get(i - 1) + t * curve.y().get(i);
  }

  private static Curve scaled(Curve curve, double factor) {
    return new Curve(curve.x(), curve.y().stream().map(y -> factor * y).toList());
  }

  /** The highest value of all lines for sign 1, the lowest for -1. */
  private static double extreme(List<Line> lines, int sign) {
    return sign
        * lines.stream()
            .flatMap(line -> line.curve().y().stream())
            .mapToDouble(y -> sign * y)
            .max()
            .orElse(0);
  }

  private static boolean isWide(List<Line> lines) {
    double low = extreme(lines, -1);
    return low > 0 && extreme(lines, 1) / low > WIDE;
  }

  private static void logarithmicY(XYChart chart, List<Line> lines) {
    chart.getStyler().setYAxisLogarithmic(true).setYAxisLogarithmicDecadeOnly(true);
    chart
        .getStyler()
        .setYAxisTickLabelsFormattingFunction(
            ticks(List.of(extreme(lines, -1), extreme(lines, 1))));
    chart.setYAxisTitle(chart.getYAxisTitle() + " (logarithmic)");
  }

  /** How the ticks of a logarithmic axis are written: all alike. */
  static Function<Double, String> ticks(List<Double> values) {
    return values.stream().allMatch(Texts::isPlain) ? Texts::tick : Texts::power;
  }

  /** Epochs and steps have no halves; a single one stands in the middle. */
  private static void wholeNumbers(XYChart chart, List<Line> lines) {
    XYStyler styler = chart.getStyler();
    styler.setXAxisDecimalPattern("#,##0");
    List<Double> x = lines.stream().flatMap(line -> line.curve().x().stream()).toList();
    double low = x.stream().min(Double::compare).orElse(0.0);
    double high = x.stream().max(Double::compare).orElse(0.0);
    if (low == high) {
      styler.setXAxisMin(low - 1).setXAxisMax(low + 1);
    }
    styler.setXAxisTickMarkSpacingHint((int) Math.max(TICKS, WIDTH / Math.max(2, high - low)));
  }

  private static XYChart chart(String title, String x, String y, List<Line> lines) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    style(chart.getStyler());
    double low = extreme(lines, -1);
    double high = extreme(lines, 1);
    if (low == high) {
      chart.getStyler().setYAxisMin(Math.min(0, 1.1 * low));
      chart.getStyler().setYAxisMax(low == 0 ? 1 : Math.max(0, 1.1 * high));
    }
    for (Line line : lines) {
      XYSeries series = chart.addSeries(line.name(), line.drawn().x(), line.drawn().y());
      series.setLineColor(line.color()).setLineStyle(line.stroke());
      series
          .setMarker(line.marked() ? line.marker() : SeriesMarkers.NONE)
          .setMarkerColor(line.color());
    }
    return chart;
  }

  private static void style(XYStyler styler) {
    Color clear = Theme.faded(Theme.PAPER, 0);
    Font text = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
    styler.setBaseFont(text).setChartTitleFont(text.deriveFont(Font.BOLD, 14f)).setLegendFont(text);
    styler.setChartBackgroundColor(clear).setPlotBackgroundColor(clear);
    styler.setChartFontColor(Theme.INK).setChartTitleFontColor(Theme.INK);
    styler.setXAxisTitleColor(Theme.INK).setYAxisTitleColor(Theme.INK);
    styler.setChartTitleBoxVisible(false).setChartPadding(6).setLocale(Locale.ROOT);
    styler.setLegendPosition(LegendPosition.OutsideS).setLegendLayout(LegendLayout.Horizontal);
    styler.setLegendBackgroundColor(clear).setLegendBorderColor(clear).setLegendPadding(6);
    styler.setPlotBorderVisible(false).setMarkerSize(6);
    styler.setAxisTitleFont(text).setAxisTickLabelsFont(text);
    styler.setAxisTickLabelsColor(Theme.INK).setAxisTickMarksColor(Theme.MUTED);
    styler.setPlotGridLinesColor(Theme.GRID).setPlotGridLinesStroke(new BasicStroke(1));
    styler.setPlotGridVerticalLinesVisible(false).setXAxisTickMarkSpacingHint(TICKS);
  }

  private static Picture picture(String name, String description, XYChart chart) {
    return new Picture(
        name, description, WIDTH, HEIGHT, graphics -> chart.paint(graphics, WIDTH, HEIGHT));
  }
}
