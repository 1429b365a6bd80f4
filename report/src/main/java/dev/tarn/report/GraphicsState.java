package dev.tarn.report;

import java.awt.AlphaComposite;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Composite;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.Paint;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.Stroke;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.awt.geom.Area;
import java.awt.image.BufferedImage;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state of a {@link Graphics2D}: colours, stroke, font, transform, clip. */
abstract class GraphicsState extends Graphics2D {
  private AffineTransform transform = new AffineTransform();
  private @Nullable Shape clip;
  private Color color = Color.BLACK;
  private Color background = Color.WHITE;
  private Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  private BasicStroke stroke = new BasicStroke();
  private Composite composite = AlphaComposite.SrcOver;
  private final RenderingHints hints = new RenderingHints(Map.of());

  GraphicsState() {}

  GraphicsState(GraphicsState other) {
    transform = other.getTransform();
    clip = other.clip;
    color = other.color;
    background = other.background;
    font = other.font;
    stroke = other.stroke;
    composite = other.composite;
    hints.add(other.hints);
  }

  /** The clip in the coordinates of the whole picture, or null for none. */
  final @Nullable Shape deviceClip() {
    return clip;
  }

  static UnsupportedOperationException refused(String what) {
    return new UnsupportedOperationException("SVG: no picture draws " + what);
  }

  @Override
  public Color getColor() {
    return color;
  }

  @Override
  public void setColor(@Nullable Color c) {
    color = c == null ? color : c;
  }

  @Override
  public Paint getPaint() {
    return color;
  }

  @Override
  public void setPaint(@Nullable Paint paint) {
    if (paint != null && !(paint instanceof Color)) {
      throw refused("with a " + paint.getClass().getSimpleName());
    }
    setColor((Color) paint);
  }

  @Override
  public Font getFont() {
    return font;
  }

  @Override
  public void setFont(@Nullable Font f) {
    font = f == null ? font : f;
  }

  @Override
  public BasicStroke getStroke() {
    return stroke;
  }

  @Override
  public void setStroke(Stroke s) {
    if (!(s instanceof BasicStroke basic)) {
      throw refused("with a " + s.getClass().getSimpleName());
    }
    stroke = basic;
  }

  @Override
  public Composite getComposite() {
    return composite;
  }

  @Override
  public void setComposite(Composite c) {
    composite = c;
  }

  @Override
  public Color getBackground() {
    return background;
  }

  @Override
  public void setBackground(Color c) {
    background = c;
  }

  @Override
  public AffineTransform getTransform() {
    return new AffineTransform(transform);
  }

  @Override
  public void setTransform(AffineTransform t) {
    transform = new AffineTransform(t);
  }

  @Override
  public void transform(AffineTransform t) {
    transform.concatenate(t);
  }

  @Override
  public void translate(int x, int y) {
    transform.translate(x, y);
  }

  @Override
  public void translate(double x, double y) {
    transform.translate(x, y);
  }

  @Override
  public void rotate(double theta) {
    transform.rotate(theta);
  }

  @Override
  public void rotate(double theta, double x, double y) {
    transform.rotate(theta, x, y);
  }

  @Override
  public void scale(double x, double y) {
    transform.scale(x, y);
  }

  @Override
  public void shear(double x, double y) {
    transform.shear(x, y);
  }

  @Override
  public @Nullable Object getRenderingHint(RenderingHints.Key key) {
    return hints.get(key);
  }

  @Override
  public void setRenderingHint(RenderingHints.Key key, @Nullable Object value) {
    if (value == null) {
      hints.remove(key);
    } else {
      hints.put(key, value);
    }
  }

  @Override
  public RenderingHints getRenderingHints() {
    return (RenderingHints) hints.clone();
  }

  @Override
  public void setRenderingHints(Map<?, ?> map) {
    hints.clear();
    hints.putAll(map);
  }

  @Override
  public void addRenderingHints(Map<?, ?> map) {
    hints.putAll(map);
  }

  @Override
  public @Nullable Shape getClip() {
    return clip == null ? null : inverse().createTransformedShape(clip);
  }

  private AffineTransform inverse() {
    try {
      return transform.createInverse();
    } catch (java.awt.geom.NoninvertibleTransformException e) {
      throw new IllegalStateException("SVG: the transform squeezes everything to a line", e);
    }
  }

  @Override
  public void setClip(@Nullable Shape shape) {
    clip = shape == null ? null : transform.createTransformedShape(shape);
  }

  @Override
  public void setClip(int x, int y, int width, int height) {
    setClip(new Rectangle(x, y, width, height));
  }

  @Override
  public void clip(Shape shape) {
    Area both = new Area(transform.createTransformedShape(shape));
    if (clip != null) {
      both.intersect(new Area(clip));
    }
    clip = both;
  }

  @Override
  public void clipRect(int x, int y, int width, int height) {
    clip(new Rectangle(x, y, width, height));
  }

  @Override
  public @Nullable Rectangle getClipBounds() {
    Shape shape = getClip();
    return shape == null ? null : shape.getBounds();
  }

  @Override
  public FontRenderContext getFontRenderContext() {
    return Fonts.CONTEXT;
  }

  @Override
  public FontMetrics getFontMetrics(Font f) {
    // Only an image gives metrics; they do not depend on which.
    Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    try {
      return graphics.getFontMetrics(f);
    } finally {
      graphics.dispose();
    }
  }

  @Override
  public void dispose() {}
}
