package dev.tarn.report;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/**
 * A drawing that can be had as SVG or PNG.
 *
 * <p>Making one needs the fonts of the system but no display.
 */
public final class Picture {
  /** How much smaller than usual text can still be read. */
  private static final double LEAST_SIZE = 0.7;

  private final String name;
  private final String description;
  private final int width;
  private final int height;
  private final Consumer<Graphics2D> drawing;

  /**
   * A drawing.
   *
   * @param name a short name of letters, digits and hyphens, good for a file and for identifiers
   * @param description what is to be seen, in words, for those who do not see it
   * @param width in pixels at the usual size
   * @param height in pixels at the usual size
   * @param drawing draws it with the colours of {@link Theme}
   */
  Picture(String name, String description, int width, int height, Consumer<Graphics2D> drawing) {
    this.name = name;
    this.description = description;
    this.width = width;
    this.height = height;
    this.drawing = drawing;
  }

  /** A short name of letters, digits and hyphens. */
  public String name() {
    return name;
  }

  /** What is to be seen, in words. */
  public String description() {
    return description;
  }

  /** The width in pixels at the usual size. */
  public int width() {
    return width;
  }

  /** The height in pixels at the usual size. */
  public int height() {
    return height;
  }

  /** The picture as a file of its own, with colours for light and dark. */
  public String svg() {
    SvgGraphics graphics = new SvgGraphics(name);
    drawing.accept(graphics);
    String style =
        "<style>\n"
            + Theme.darkRules()
            + "</style>\n<rect class=\"f-paper\" width=\"100%\""
            + " height=\"100%\" fill=\"#ffffff\"/>\n";
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + element("", style, graphics);
  }

  /** The picture as an element of a page whose style sheet has {@link Theme#darkRules}. */
  String inline() {
    SvgGraphics graphics = new SvgGraphics(name);
    drawing.accept(graphics);
    // On a narrow page it shrinks a little before it is scrolled.
    String least = String.format(" style=\"min-width:%dpx\"", (int) (LEAST_SIZE * width));
    return element(least, "", graphics);
  }

  private String element(String attributes, String style, SvgGraphics graphics) {
    return String.format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
            + " height=\"%d\" role=\"img\" aria-labelledby=\"%s-title\"%s>\n"
            + "<title id=\"%s-title\">%s</title>\n%s%s</svg>\n",
        width,
        height,
        width,
        height,
        name,
        attributes,
        name,
        Html.escape(description),
        style,
        graphics);
  }

  /**
   * The picture in light colours as a PNG file.
   *
   * @param scale pixels of the image per pixel of the usual size, such as 2
   */
  public byte[] png(double scale) {
    BufferedImage image =
        new BufferedImage(
            (int) Math.ceil(width * scale),
            (int) Math.ceil(height * scale),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    graphics.setColor(Theme.PAPER);
    graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
    graphics.scale(scale, scale);
    drawing.accept(graphics);
    graphics.dispose();
    return encode(image);
  }

  /** An image as a PNG file. */
  static byte[] encode(BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
