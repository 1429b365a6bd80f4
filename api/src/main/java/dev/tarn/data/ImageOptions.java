package dev.tarn.data;

import dev.tarn.TarnException;
import java.util.Locale;

/**
 * How images become arrays {@code [C, H, W]}.
 *
 * @param height the rows, or 0 for as many as the first image has
 * @param width the columns, or 0 for as many as the first image has
 * @param fit how an image of other proportions is made to fit
 * @param gray whether there is one channel of brightness rather than red, green and blue
 */
public record ImageOptions(int height, int width, Fit fit, boolean gray) {
  /** Images in colour that all have the size of the first. */
  public static final ImageOptions AS_THEY_ARE = new ImageOptions(0, 0, Fit.CROP, false);

  private static final int MAX_EXTENT = 1 << 13;

  /** What happens to an image of other proportions. */
  public enum Fit {
    /** The largest part in the middle that has the proportions is kept. */
    CROP,
    /** Height and width are scaled differently. */
    STRETCH;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Checks the size.
   *
   * @throws TarnException if one extent is not positive or too large and not both are 0
   */
  public ImageOptions {
    boolean given = height > 0 && width > 0 && height <= MAX_EXTENT && width <= MAX_EXTENT;
    if (!given && (height != 0 || width != 0)) {
      throw new TarnException(
          "images: height and width must be from 1 to "
              + MAX_EXTENT
              + ": "
              + height
              + ", "
              + width);
    }
  }

  /** This, with a size. */
  public ImageOptions withSize(int rows, int columns) {
    return new ImageOptions(rows, columns, fit, gray);
  }

  /** This, with another way to fit. */
  public ImageOptions withFit(Fit value) {
    return new ImageOptions(height, width, value, gray);
  }

  /** This, in colour or not. */
  public ImageOptions withGray(boolean value) {
    return new ImageOptions(height, width, fit, value);
  }

  /** The channels. */
  int channels() {
    return gray ? 1 : 3;
  }
}
