package dev.tarn.report;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** A grid of the worst mistakes. */
final class MistakesPicture {
  private static final int COLUMNS = 5;
  private static final int CELL = 128;
  private static final int IMAGE = 96;
  private static final int ROW = IMAGE + 52;
  private static final int TOP = 36;

  private MistakesPicture() {}

  /** Draws mistakes in the given order, five in a row. */
  static Picture of(List<Mistake> mistakes) {
    int columns = Math.max(2, Math.min(COLUMNS, mistakes.size()));
    int rows = (mistakes.size() + columns - 1) / columns;
    return new Picture(
        "mistakes",
        "The worst " + Texts.count(mistakes.size(), "mistake"),
        columns * CELL + 16,
        TOP + rows * ROW,
        graphics -> draw(graphics, mistakes, columns));
  }

  private static void draw(Graphics2D graphics, List<Mistake> mistakes, int columns) {
    Pen pen = new Pen(graphics);
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    pen.text("Worst mistakes", 8, 14, Pen.Align.LEFT, Pen.font(14, true), Theme.INK);
    Font font = Pen.font(12, false);
    for (int i = 0; i < mistakes.size(); i++) {
      Mistake mistake = mistakes.get(i);
      double middle = 8 + (i % columns + 0.5) * CELL;
      int y = TOP + i / columns * ROW;
      BufferedImage image = Images.of(mistake.image());
      double scale = (double) IMAGE / Math.max(image.getWidth(), image.getHeight());
      int width = (int) Math.max(1, Math.round(scale * image.getWidth()));
      int height = (int) Math.max(1, Math.round(scale * image.getHeight()));
      int x = (int) Math.round(middle - width / 2.0);
      graphics.drawImage(image, x, y, width, height, null);
      pen.draw(new Rectangle2D.Double(x, y, width, height), Theme.MUTED, 1);
      String truth = Pen.fit("true " + mistake.truth(), font, CELL - 8);
      pen.text(truth, middle, y + IMAGE + 12, Pen.Align.CENTER, font, Theme.GREEN);
      String share = " " + Math.round(100 * mistake.probability()) + " %";
      String taken = Pen.fit("not " + mistake.predicted(), font, CELL - 8 - Pen.width(share, font));
      pen.text(taken + share, middle, y + IMAGE + 28, Pen.Align.CENTER, font, Theme.ORANGE);
    }
  }
}
