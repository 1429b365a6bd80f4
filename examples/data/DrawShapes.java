import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * Draws the images of {@code examples/shapes.yaml}: one directory for each kind of shape, with PNG files of 24 x 24 pixels, light on
 * dark; colours, size, place and angle are random. Pixels are the same on every machine.
 *
 * <pre>java examples/data/DrawShapes.java [DIRECTORY [HOW_MANY_OF_EACH]]</pre>
 */
final class DrawShapes {
  private static final int SIDE = 24;
  private static final long SEED = 42;

  /** Points across and down in which a pixel is looked at, for smooth edges. */
  private static final int SAMPLES = 4;

  /** Corners around 0, 0, one after the other; none is farther away than 1. */
  private static final Map<String, double[][]> OUTLINES = new TreeMap<>();

  static {
    OUTLINES.put("circle", polygon(60, 1));
    OUTLINES.put("cross", cross(0.32));
    OUTLINES.put("hexagon", polygon(6, 1));
    OUTLINES.put("square", polygon(4, 1));
    OUTLINES.put("star", polygon(10, 0.45));
    OUTLINES.put("triangle", polygon(3, 1));
  }

  public static void main(String[] args) throws IOException {
    Path root = Path.of(args.length > 0 ? args[0] : "examples/data/shapes");
    int count = args.length > 1 ? Integer.parseInt(args[1]) : 120;
    Random random = new Random(SEED);
    for (var shape : OUTLINES.entrySet()) {
      Path directory = Files.createDirectories(root.resolve(shape.getKey()));
      for (int i = 0; i < count; i++) {
        Path file = directory.resolve(String.format("%03d.png", i));
        ImageIO.write(draw(shape.getValue(), random), "png", file.toFile());
      }
    }
    System.out.println(OUTLINES.size() * count + " images in " + root);
  }

  private static BufferedImage draw(double[][] outline, Random random) {
    double radius = 3.5 + 6 * random.nextDouble();
    double free = SIDE - 2 * radius;
    double x = radius + free * random.nextDouble();
    double y = radius + free * random.nextDouble();
    double[][] corners = placed(outline, x, y, radius, 2 * Math.PI * random.nextDouble());
    int paper = colour(random);
    int ink = colour(random);
    while (brightness(ink) - brightness(paper) < 50) {
      paper = colour(random);
      ink = colour(random);
    }
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    for (int row = 0; row < SIDE; row++) {
      for (int column = 0; column < SIDE; column++) {
        int covered = 0;
        for (int s = 0; s < SAMPLES * SAMPLES; s++) {
          double across = column + (s % SAMPLES + 0.5) / SAMPLES;
          double down = row + (s / SAMPLES + 0.5) / SAMPLES;
          covered += inside(corners, across, down) ? 1 : 0;
        }
        image.setRGB(column, row, mix(paper, ink, covered, SAMPLES * SAMPLES));
      }
    }
    return image;
  }

  /** Every second corner lies at a share of the others' distance. */
  private static double[][] polygon(int corners, double inner) {
    double[][] outline = new double[corners][];
    for (int i = 0; i < corners; i++) {
      double angle = 2 * Math.PI * i / corners;
      double distance = i % 2 == 0 ? 1 : inner;
      outline[i] = new double[] {distance * StrictMath.cos(angle), distance * StrictMath.sin(angle)};
    }
    return outline;
  }

  /** Four arms, twice as wide as {@code half}: the two corners of an arm's end, then the one between it and the next. */
  private static double[][] cross(double half) {
    double end = Math.sqrt(1 - half * half);
    double[][] arm = {{end, -half}, {end, half}, {half, half}};
    double[][] outline = new double[12][];
    for (int i = 0; i < 12; i++) {
      double[] at = i < 3 ? arm[i] : outline[i - 3];
      outline[i] = i < 3 ? at : new double[] {-at[1], at[0]};
    }
    return outline;
  }

  private static double[][] placed(double[][] outline, double x, double y, double radius, double angle) {
    double cos = radius * StrictMath.cos(angle);
    double sin = radius * StrictMath.sin(angle);
    double[][] corners = new double[outline.length][];
    for (int i = 0; i < corners.length; i++) {
      double[] at = outline[i];
      corners[i] = new double[] {x + cos * at[0] - sin * at[1], y + sin * at[0] + cos * at[1]};
    }
    return corners;
  }

  /** Whether a ray to the right crosses the outline an odd number of times. */
  private static boolean inside(double[][] corners, double x, double y) {
    boolean inside = false;
    double[] from = corners[corners.length - 1];
    for (double[] to : corners) {
      boolean crosses = from[1] > y != to[1] > y;
      if (crosses && x < from[0] + (to[0] - from[0]) * (y - from[1]) / (to[1] - from[1])) {
        inside = !inside;
      }
      from = to;
    }
    return inside;
  }

  private static int colour(Random random) {
    return random.nextInt(1 << 24);
  }

  /** ITU-R BT.601, from 0 to 255. */
  private static double brightness(int colour) {
    return 0.299 * (colour >> 16 & 255) + 0.587 * (colour >> 8 & 255) + 0.114 * (colour & 255);
  }

  private static int mix(int a, int b, int share, int of) {
    int mixed = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      int from = a >> shift & 255;
      int to = b >> shift & 255;
      mixed |= (from * (of - share) + to * share) / of << shift;
    }
    return mixed;
  }
}
