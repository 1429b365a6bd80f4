package dev.tarn.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;

/**
 * A confusion matrix: each cell the stronger in colour, the larger its share of its row, with its
 * count as text.
 */
final class ConfusionPicture {
  /** From this share on text is in the colour for the full blue. */
  private static final double STRONG = 0.6;

  private static final double TITLE = 30;
  private static final double LONGEST_LABEL = 130;

  private static final String LEAST = "share of the true class   0 %";
  private static final String MOST = "100 %";

  /** Boxes of the legend, from 0 to 100 %. */
  private static final int STEPS = 10;

  private static final double STEP = 12;

  private final ConfusionMatrix matrix;
  private final double cell;
  private final Font labels;
  private final double left;
  private final double top;
  private final double legend;

  private ConfusionPicture(ConfusionMatrix matrix) {
    this.matrix = matrix;
    int n = matrix.classes();
    long most = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        most = Math.max(most, matrix.count(i, j));
      }
    }
    double wanted = n <= 5 ? 56 : n <= 12 ? 36 : n <= 30 ? 26 : 20;
    // Every count fits its cell.
    this.cell = Math.max(wanted, Pen.width(Texts.count(most), countFont(wanted)) + 6);
    this.labels = Pen.font(Math.min(12, cell * 0.6), false);
    double longest =
        matrix.labels().stream().mapToDouble(label -> Pen.width(label, labels)).max().orElse(0);
    longest = Math.min(longest, LONGEST_LABEL);
    this.left = longest + 34;
    this.top = TITLE + (upwards() ? longest : 16) + 26;
    this.legend = 44;
  }

  /** Draws a matrix. */
  static Picture of(ConfusionMatrix matrix) {
    ConfusionPicture picture = new ConfusionPicture(matrix);
    double size = picture.cell * matrix.classes();
    double legendEnd = legendText() + Pen.width(MOST, legendFont());
    String description =
        String.format(
            "Confusion matrix of %d classes: %s of %s examples are on the diagonal",
            matrix.classes(), Texts.count(matrix.correct()), Texts.count(matrix.examples()));
    return new Picture(
        "confusion",
        description,
        (int) Math.ceil(Math.max(picture.left + size, legendEnd) + 12),
        (int) Math.ceil(picture.top + size + picture.legend),
        picture::draw);
  }

  private static Font countFont(double cell) {
    return Pen.font(Math.min(13, Math.max(8, cell * 0.38)), false);
  }

  private boolean upwards() {
    return matrix.labels().stream().anyMatch(label -> Pen.width(label, labels) > cell - 4);
  }

  private void draw(Graphics2D graphics) {
    Pen pen = new Pen(graphics);
    int n = matrix.classes();
    double size = n * cell;
    pen.text("Confusion matrix", 8, 14, Pen.Align.LEFT, Pen.font(14, true), Theme.INK);
    Font names = Pen.font(12, false);
    pen.text("Predicted class", left, TITLE + 8, Pen.Align.LEFT, names, Theme.MUTED);
    pen.upwards("True class", 12, top, Pen.Align.RIGHT, names, Theme.MUTED);
    Font counts = countFont(cell);
    for (int i = 0; i < n; i++) {
      double middle = top + (i + 0.5) * cell;
      String label = Pen.fit(matrix.labels().get(i), labels, LONGEST_LABEL);
      pen.text(label, left - 6, middle, Pen.Align.RIGHT, labels, Theme.INK);
      double x = left + (i + 0.5) * cell;
      if (upwards()) {
        pen.upwards(label, x, top - 6, Pen.Align.LEFT, labels, Theme.INK);
      } else {
        pen.text(label, x, top - 10, Pen.Align.CENTER, labels, Theme.INK);
      }
      for (int j = 0; j < n; j++) {
        cell(pen, i, j, counts);
      }
    }
    pen.draw(new Rectangle2D.Double(left, top, size, size), Theme.MUTED, 1);
    for (int i = 1; i < n; i++) {
      double at = i * cell;
      pen.draw(new Rectangle2D.Double(left, top + at, size, 0), Theme.GRID, 0.5);
      pen.draw(new Rectangle2D.Double(left + at, top, 0, size), Theme.GRID, 0.5);
    }
    legend(pen, top + size + 14);
  }

  private void cell(Pen pen, int truth, int predicted, Font font) {
    double share = matrix.share(truth, predicted);
    double x = left + predicted * cell;
    double y = top + truth * cell;
    if (share > 0) {
      pen.fill(new Rectangle2D.Double(x, y, cell, cell), Theme.faded(Theme.BLUE, visible(share)));
    }
    int count = matrix.count(truth, predicted);
    // Zeros would hide the rest of a large matrix.
    if (count > 0 || (matrix.classes() <= 12 && truth != predicted)) {
      Color color = share >= STRONG ? Theme.ON_BLUE : count == 0 ? Theme.MUTED : Theme.INK;
      String text = Texts.count(count);
      pen.text(text, x + cell / 2, y + cell / 2, Pen.Align.CENTER, font, color);
    }
  }

  /** A rare mistake is still to be seen. */
  private static double visible(double share) {
    return 0.08 + 0.92 * share;
  }

  private static Font legendFont() {
    return Pen.font(11, false);
  }

  /** Where the legend's boxes begin. */
  private static double legendBegin() {
    return 10 + Pen.width(LEAST, legendFont()) + 6;
  }

  /** Where the text behind them begins. */
  private static double legendText() {
    return legendBegin() + STEP * (STEPS + 1) + 6;
  }

  private void legend(Pen pen, double y) {
    Font font = legendFont();
    double x = legendBegin();
    pen.text(LEAST, 10, y + 6, Pen.Align.LEFT, font, Theme.MUTED);
    for (int i = 0; i <= STEPS; i++) {
      double share = (double) i / STEPS;
      pen.fill(
          new Rectangle2D.Double(x + i * STEP, y, STEP, 12),
          Theme.faded(Theme.BLUE, i == 0 ? 0 : visible(share)));
    }
    pen.draw(new Rectangle2D.Double(x, y, STEP * (STEPS + 1), 12), Theme.MUTED, 0.5);
    pen.text(MOST, legendText(), y + 6, Pen.Align.LEFT, font, Theme.MUTED);
  }
}
