package dev.tarn.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Shape;

/** Draws texts and shapes for the pictures that are not charts. */
final class Pen {
  /** How a text stands to its point. */
  enum Align {
    LEFT,
    CENTER,
    RIGHT
  }

  private final Graphics2D graphics;

  Pen(Graphics2D graphics) {
    this.graphics = graphics;
  }

  /** A font of a size in pixels. */
  static Font font(double size, boolean bold) {
    return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, 12).deriveFont((float) size);
  }

  /** The width of a text in pixels. */
  static double width(String text, Font font) {
    return text.isEmpty() ? 0 : font.getStringBounds(text, Fonts.CONTEXT).getWidth();
  }

  /** The text, or its beginning with an ellipsis if it is wider than allowed. */
  static String fit(String text, Font font, double width) {
    if (width(text, font) <= width) {
      return text;
    }
    int end = text.length();
    while (end > 1 && width(text.substring(0, end) + "\u2026", font) > width) {
      end = text.offsetByCodePoints(end, -1);
    }
    return text.substring(0, end) + "\u2026";
  }

  /** A text with its vertical middle at y. */
  void text(String text, double x, double y, Align align, Font font, Color color) {
    double width = width(text, font);
    double left =
        switch (align) {
          case LEFT -> x;
          case CENTER -> x - width / 2;
          case RIGHT -> x - width;
        };
    graphics.setFont(font);
    graphics.setColor(color);
    graphics.drawString(text, (float) left, (float) (y + 0.36 * font.getSize2D()));
  }

  /** A text that reads upwards, its beginning at the point. */
  void upwards(String text, double x, double y, Align align, Font font, Color color) {
    var kept = graphics.getTransform();
    graphics.translate(x, y);
    graphics.rotate(-Math.PI / 2);
    text(text, 0, 0, align, font, color);
    graphics.setTransform(kept);
  }

  void fill(Shape shape, Color color) {
    graphics.setColor(color);
    graphics.fill(shape);
  }

  void draw(Shape shape, Color color, double width, float... dashes) {
    graphics.setColor(color);
    graphics.setStroke(
        new BasicStroke(
            (float) width,
            BasicStroke.CAP_BUTT,
            BasicStroke.JOIN_ROUND,
            10,
            dashes.length == 0 ? null : dashes,
            0));
    graphics.draw(shape);
  }
}
