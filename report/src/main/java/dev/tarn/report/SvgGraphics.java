package dev.tarn.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.PathIterator;
import java.awt.image.BufferedImage;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Writes what is drawn as the content of an SVG element.
 *
 * <p>Coordinates have two decimals. Colours of the {@link Theme} have a class beside their value.
 */
final class SvgGraphics extends ShapeGraphics {
  private final String prefix;
  private final StringBuilder body;
  private final Map<String, String> clips;

  /** A line that is not written yet, as another may go on where it ends. */
  private final Line line;

  private static final class Line {
    private final StringBuilder path = new StringBuilder();
    private String attributes = "";
    private String end = "";
  }

  /**
   * An empty drawing.
   *
   * @param prefix what identifiers begin with; unique in the page
   */
  SvgGraphics(String prefix) {
    this.prefix = prefix;
    this.body = new StringBuilder();
    this.clips = new LinkedHashMap<>();
    this.line = new Line();
  }

  private SvgGraphics(SvgGraphics other) {
    super(other);
    this.prefix = other.prefix;
    this.body = other.body;
    this.clips = other.clips;
    this.line = other.line;
  }

  @Override
  public SvgGraphics create() {
    return new SvgGraphics(this);
  }

  @Override
  public void fill(Shape shape) {
    if (getColor().getAlpha() == 0) {
      return;
    }
    String path = path(getTransform().createTransformedShape(shape));
    if (!path.isEmpty()) {
      finishLine();
      body.append("<path d=\"").append(path).append('"').append(color("fill", "f"));
      body.append(clipped()).append("/>\n");
    }
  }

  @Override
  public void draw(Shape shape) {
    if (getColor().getAlpha() == 0) {
      return;
    }
    String path = path(getTransform().createTransformedShape(shape));
    if (path.isEmpty()) {
      return;
    }
    BasicStroke stroke = getStroke();
    StringBuilder attributes = new StringBuilder(" fill=\"none\"").append(color("stroke", "s"));
    attributes.append(" stroke-width=\"").append(number(stroke.getLineWidth())).append('"');
    if (stroke.getDashArray() != null) {
      StringBuilder dashes = new StringBuilder();
      for (float dash : stroke.getDashArray()) {
        dashes.append(dashes.isEmpty() ? "" : " ").append(number(dash));
      }
      attributes.append(" stroke-dasharray=\"").append(dashes).append('"');
    }
    if (stroke.getLineJoin() == BasicStroke.JOIN_ROUND) {
      attributes.append(" stroke-linejoin=\"round\"");
    }
    line(path, attributes.append(clipped()).toString());
  }

  /** Charts draw a curve piece by piece; as one path it is shorter, and its dashes go on. */
  private void line(String path, String attributes) {
    boolean goesOn =
        attributes.equals(line.attributes)
            && path.startsWith("M" + line.end + "L")
            && !line.end.isEmpty();
    if (goesOn) {
      line.path.append(path.substring(line.end.length() + 1));
    } else {
      finishLine();
      line.path.append(path);
      line.attributes = attributes;
    }
    int last = path.lastIndexOf('L');
    line.end = last < 0 || path.endsWith("Z") ? "" : path.substring(last + 1);
  }

  private void finishLine() {
    if (!line.path.isEmpty()) {
      body.append("<path d=\"").append(line.path).append('"').append(line.attributes);
      body.append("/>\n");
    }
    line.path.setLength(0);
    line.attributes = "";
    line.end = "";
  }

  @Override
  public void drawString(String text, float x, float y) {
    if (text.isEmpty()) {
      return;
    }
    finishLine();
    AffineTransform transform = getTransform();
    Font font = getFont();
    body.append("<text");
    if (transform.getType() == AffineTransform.TYPE_IDENTITY) {
      body.append(" x=\"").append(number(x)).append("\" y=\"").append(number(y)).append('"');
    } else {
      transform.translate(x, y);
      body.append(" transform=\"matrix(").append(number(transform.getScaleX()));
      body.append(' ').append(number(transform.getShearY()));
      body.append(' ').append(number(transform.getShearX()));
      body.append(' ').append(number(transform.getScaleY()));
      body.append(' ').append(number(transform.getTranslateX()));
      body.append(' ').append(number(transform.getTranslateY())).append(")\"");
    }
    // The width that was measured here holds whatever font the reader has.
    double width = font.getStringBounds(text, getFontRenderContext()).getWidth();
    body.append(" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"");
    body.append(number(font.getSize2D())).append('"');
    body.append(font.isBold() ? " font-weight=\"bold\"" : "");
    body.append(" textLength=\"").append(number(width));
    body.append("\" lengthAdjust=\"spacingAndGlyphs\"").append(color("fill", "f"));
    body.append(clipped()).append('>').append(Html.escape(text)).append("</text>\n");
  }

  @Override
  void image(BufferedImage image, double x, double y, double width, double height) {
    finishLine();
    body.append("<image x=\"").append(number(x + getTransform().getTranslateX()));
    body.append("\" y=\"").append(number(y + getTransform().getTranslateY()));
    body.append("\" width=\"").append(number(width)).append("\" height=\"").append(number(height));
    body.append("\" style=\"image-rendering:pixelated\" href=\"").append(dataUri(image));
    body.append("\"/>\n");
  }

  /** An image as an address that holds its content. */
  static String dataUri(BufferedImage image) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(Picture.encode(image));
  }

  private String color(String attribute, String classPrefix) {
    Color color = getColor();
    String text = " " + attribute + "=\"" + Theme.hex(color) + "\"";
    if (color.getAlpha() < 255) {
      text += " " + attribute + "-opacity=\"" + number(color.getAlpha() / 255.0) + "\"";
    }
    return Theme.name(color).map(name -> " class=\"" + classPrefix + "-" + name + "\"").orElse("")
        + text;
  }

  private String clipped() {
    Shape clip = deviceClip();
    if (clip == null) {
      return "";
    }
    String id = clips.computeIfAbsent(path(clip), p -> prefix + "-clip" + (clips.size() + 1));
    return " clip-path=\"url(#" + id + ")\"";
  }

  private static String path(Shape shape) {
    StringBuilder path = new StringBuilder();
    double[] c = new double[6];
    for (PathIterator i = shape.getPathIterator(null); !i.isDone(); i.next()) {
      int points =
          switch (i.currentSegment(c)) {
            case PathIterator.SEG_MOVETO -> command(path, 'M', 1);
            case PathIterator.SEG_LINETO -> command(path, 'L', 1);
            case PathIterator.SEG_QUADTO -> command(path, 'Q', 2);
            case PathIterator.SEG_CUBICTO -> command(path, 'C', 3);
            default -> command(path, 'Z', 0);
          };
      for (int k = 0; k < 2 * points; k++) {
        path.append(k == 0 ? "" : " ").append(number(c[k]));
      }
    }
    return path.toString();
  }

  private static int command(StringBuilder path, char letter, int points) {
    path.append(letter);
    return points;
  }

  private static String number(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    text = text.replaceFirst("\\.?0+$", "");
    return text.equals("-0") ? "0" : text;
  }

  /** The elements drawn so far. */
  @Override
  public String toString() {
    finishLine();
    StringBuilder out = new StringBuilder();
    clips.forEach(
        (path, id) ->
            out.append("<clipPath id=\"")
                .append(id)
                .append("\"><path d=\"")
                .append(path)
                .append("\"/></clipPath>\n"));
    return out.append(body).toString();
  }
}
