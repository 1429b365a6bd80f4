package dev.tarn.data;

import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.internal.RandomStream;
import java.util.Arrays;
import java.util.List;

/**
 * Changes training images at random, anew in every epoch.
 *
 * <p>What happens to an example is a function of the seed, the epoch and the example's index alone,
 * so a resumed training sees the same images. Images are changed as the model takes them, after
 * {@link Preprocessing}; what comes into view from outside is 0.
 *
 * @param steps what is done, one after the other
 */
public record Augmentation(List<Step> steps) {
  /** Copies the list. */
  public Augmentation {
    steps = List.copyOf(steps);
  }

  /** The steps in order. */
  public static Augmentation of(Step... steps) {
    return new Augmentation(List.of(steps));
  }

  /** One change of an image {@code [C, H, W]}. */
  public sealed interface Step permits Shift, Flip, Crop, Rotate, Noise {}

  /**
   * Moves the image by whole pixels, up to so many in each direction.
   *
   * @param pixels at least 1
   */
  public record Shift(int pixels) implements Step {
    /** Checks the number. */
    public Shift {
      require(pixels >= 1 && pixels < 1 << 16, "shift: at least one pixel");
    }
  }

  /**
   * Mirrors the image.
   *
   * @param vertical upside down rather than left to right
   * @param probability from 0 to 1
   */
  public record Flip(boolean vertical, double probability) implements Step {
    /** Checks the probability. */
    public Flip {
      require(probability >= 0 && probability <= 1, "flip: a probability from 0 to 1");
    }
  }

  /**
   * Enlarges a part of the image, of the same proportions, to the whole (bilinear).
   *
   * @param share the smallest part, as a share of the area, above 0 and up to 1
   */
  public record Crop(double share) implements Step {
    /** Checks the share. */
    public Crop {
      require(share > 0 && share <= 1, "crop: a share of the area above 0 and up to 1");
    }
  }

  /**
   * Turns the image around its middle (bilinear).
   *
   * @param degrees the largest angle either way, above 0 and up to 180
   */
  public record Rotate(double degrees) implements Step {
    /** Checks the angle. */
    public Rotate {
      require(degrees > 0 && degrees <= 180, "rotate: an angle above 0 and up to 180 degrees");
    }
  }

  /**
   * Adds normally distributed noise to every value.
   *
   * @param deviation its standard deviation, above 0
   */
  public record Noise(double deviation) implements Step {
    /** Checks the deviation. */
    public Noise {
      require(deviation > 0 && deviation < 1e6, "noise: a standard deviation above 0");
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new TarnException(what + " is needed");
    }
  }

  /**
   * Checks that examples are images.
   *
   * @throws TarnException if the data have other features than one {@code [C, H, W]}
   */
  void requireImages(Dataset data) {
    if (data.featureShape().rank() != 3) {
      throw new TarnException(
          "augment: needs images [C, H, W]; examples are "
              + data.featureShape()
              + ": give them a shape");
    }
  }

  /**
   * Changes one image in place.
   *
   * @param values the image begins at {@code at}
   * @param shape its shape {@code [C, H, W]}
   * @param example the example's index in the training part
   */
  public void apply(float[] values, int at, Shape shape, long seed, long epoch, long example) {
    RandomStream random = new RandomStream(seed, "augment/" + epoch + "/" + example);
    Image image = new Image(values, at, shape.dim(0), shape.dim(1), shape.dim(2));
    for (Step step : steps) {
      if (step instanceof Shift shift) {
        image.shift(within(random, shift.pixels()), within(random, shift.pixels()));
      } else if (step instanceof Flip flip) {
        if (random.nextDouble() < flip.probability()) {
          image.flip(flip.vertical());
        }
      } else if (step instanceof Crop crop) {
        double side = Math.sqrt(crop.share() + (1 - crop.share()) * random.nextDouble());
        double free = 1 - side;
        image.crop(random.nextDouble() * free, random.nextDouble() * free, side);
      } else if (step instanceof Rotate rotate) {
        image.rotate((random.nextDouble() * 2 - 1) * rotate.degrees());
      } else if (step instanceof Noise noise) {
        for (int i = at; i < at + image.size(); i++) {
          values[i] += (float) (random.nextGaussian() * noise.deviation());
        }
      }
    }
  }

  private static int within(RandomStream random, int pixels) {
    return random.nextInt(2 * pixels + 1) - pixels;
  }

  /** An image that is changed in place. */
  record Image(float[] values, int at, int channels, int height, int width) {
    int size() {
      return channels * height * width;
    }

    private float[] copy() {
      return Arrays.copyOfRange(values, at, at + size());
    }

    /** Moves down and to the right. */
    void shift(int down, int right) {
      float[] from = copy();
      for (int i = 0; i < channels * height; i++) {
        int y = i % height - down;
        for (int x = 0; x < width; x++) {
          int source = x - right;
          boolean inside = y >= 0 && y < height && source >= 0 && source < width;
          values[at + i * width + x] = inside ? from[(i - down) * width + source] : 0;
        }
      }
    }

    void flip(boolean vertical) {
      float[] from = copy();
      for (int i = 0; i < channels * height; i++) {
        int row = vertical ? i / height * height + height - 1 - i % height : i;
        for (int x = 0; x < width; x++) {
          values[at + i * width + x] = from[row * width + (vertical ? x : width - 1 - x)];
        }
      }
    }

    /** Enlarges the part that begins at shares of height and width and has a share of both. */
    void crop(double top, double left, double side) {
      // pixel x of the output lies over left * width + (x + 0.5) * side - 0.5 of the input
      sample(
          true,
          top * height + 0.5 * side - 0.5,
          left * width + 0.5 * side - 0.5,
          new double[] {side, 0, 0, side});
    }

    /** Turns counter-clockwise. */
    void rotate(double degrees) {
      double angle = degrees * Math.PI / 180;
      double cos = StrictMath.cos(angle);
      double sin = StrictMath.sin(angle);
      double cy = (height - 1) / 2.0;
      double cx = (width - 1) / 2.0;
      sample(
          false,
          cy - cos * cy - sin * cx,
          cx + sin * cy - cos * cx,
          new double[] {cos, sin, -sin, cos});
    }

    /** Output (y, x) takes input {@code (top + a y + b x, left + c y + d x)}. */
    private void sample(boolean clamp, double top, double left, double[] map) {
      float[] from = copy();
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          double sy = top + map[0] * y + map[1] * x;
          double sx = left + map[2] * y + map[3] * x;
          if (clamp) {
            sy = Math.max(0, Math.min(height - 1, sy));
            sx = Math.max(0, Math.min(width - 1, sx));
          }
          int y0 = (int) Math.floor(sy);
          int x0 = (int) Math.floor(sx);
          float fy = (float) (sy - y0);
          float fx = (float) (sx - x0);
          for (int c = 0; c < channels; c++) {
            values[at + (c * height + y) * width + x] =
                (1 - fy) * ((1 - fx) * get(from, c, y0, x0) + fx * get(from, c, y0, x0 + 1))
                    + fy
                        * ((1 - fx) * get(from, c, y0 + 1, x0) + fx * get(from, c, y0 + 1, x0 + 1));
          }
        }
      }
    }

    private float get(float[] from, int c, int y, int x) {
      boolean inside = y >= 0 && y < height && x >= 0 && x < width;
      return inside ? from[(c * height + y) * width + x] : 0;
    }
  }
}
