package dev.tarn.data;

import dev.tarn.TarnException;
import dev.tarn.data.ImageOptions.Fit;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/**
 * Decodes a PNG or JPEG file. Transparency is ignored, and so is a camera's note of its
 * orientation.
 */
final class ImageFile {
  private static final int MAX_PIXELS = 1 << 26;

  /** What decoding takes per pixel, at most: 16-bit colour with transparency and some rows. */
  private static final int BYTES_PER_PIXEL = 24;

  /** JPEG's decoder only warns of a file that was cut off. */
  private static final Pattern DAMAGE =
      Pattern.compile("truncated|premature|corrupt", Pattern.CASE_INSENSITIVE);

  private ImageFile() {}

  /** A decoded image. */
  record Pixels(byte[] values, int height, int width) {}

  /**
   * The image's samples {@code [C, H, W]}.
   *
   * @param threads how many images are decoded at once
   * @throws TarnException naming the file if it is no PNG or JPEG, damaged, or too large
   */
  static Pixels read(Path file, ImageOptions options, int threads) {
    return DataFile.reading(
        file,
        () -> {
          try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            return pixels(decode(file, in, threads), options);
          }
        });
  }

  private static BufferedImage decode(Path file, ImageInputStream in, int threads)
      throws IOException {
    ImageReader reader = reader(file, in);
    List<String> damage = new ArrayList<>();
    try {
      reader.addIIOReadWarningListener(
          (source, warning) -> {
            if (damage.isEmpty() && DAMAGE.matcher(warning).find()) {
              damage.add(warning);
            }
          });
      reader.setInput(in, true, true);
      long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
      long memory = Runtime.getRuntime().maxMemory() / 2 / BYTES_PER_PIXEL / threads;
      if (pixels > Math.min(MAX_PIXELS, memory)) {
        throw new TarnException(
            String.format(
                "%s: %d x %d pixels are too many; make the image smaller%s",
                file,
                reader.getWidth(0),
                reader.getHeight(0),
                pixels > MAX_PIXELS ? "" : ", or raise -Xmx"));
      }
      BufferedImage image = reader.read(0);
      if (!damage.isEmpty()) {
        throw new IOException(damage.get(0));
      }
      if (reader.getFormatName().equalsIgnoreCase("jpeg") && image.getRaster().getNumBands() > 3) {
        throw new IOException("four colours, as for printing");
      }
      return image;
    } catch (IOException | RuntimeException e) {
      if (e instanceof TarnException explained) {
        throw explained;
      }
      // ImageIO tells damage by any kind of exception
      throw new TarnException(
          file
              + ": the image cannot be decoded ("
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
              + "); get it again, or save it as PNG in RGB",
          e);
    } finally {
      reader.dispose();
    }
  }

  private static ImageReader reader(Path file, ImageInputStream in) throws IOException {
    for (Iterator<ImageReader> readers = ImageIO.getImageReaders(in); readers.hasNext(); ) {
      ImageReader reader = readers.next();
      String format = reader.getFormatName().toLowerCase(Locale.ROOT);
      if (format.equals("png") || format.equals("jpeg")) {
        return reader;
      }
      reader.dispose();
    }
    throw new TarnException(file + ": not a PNG or JPEG image, whatever its name says");
  }

  private static Pixels pixels(BufferedImage image, ImageOptions options) {
    int inHeight = image.getHeight();
    int inWidth = image.getWidth();
    boolean same = options.height() == 0;
    int height = same ? inHeight : options.height();
    int width = same ? inWidth : options.width();
    double cropWidth = inWidth;
    double cropHeight = inHeight;
    if (options.fit() == Fit.CROP) {
      cropWidth = Math.min(inWidth, (double) inHeight * width / height);
      cropHeight = Math.min(inHeight, (double) inWidth * height / width);
    }
    ImageResize.Weights columns =
        ImageResize.Weights.of(inWidth, (inWidth - cropWidth) / 2, cropWidth, width);
    ImageResize.Weights rows =
        ImageResize.Weights.of(inHeight, (inHeight - cropHeight) / 2, cropHeight, height);
    int channels = options.channels();
    float[][] scaled = new float[channels][inHeight * width];
    float[][] samples = new float[channels][inWidth];
    Samples source = new Samples(image);
    for (int y = 0; y < inHeight; y++) {
      source.row(y, samples);
      for (int c = 0; c < channels; c++) {
        ImageResize.row(samples[c], columns, scaled[c], y * width);
      }
    }
    byte[] out = new byte[channels * height * width];
    for (int c = 0; c < channels; c++) {
      ImageResize.column(scaled[c], width, rows, out, c * height * width);
    }
    return new Pixels(out, height, width);
  }

  /** The samples of an image, row by row. */
  private static final class Samples {
    private final BufferedImage image;
    private final Raster raster;
    private final int width;

    /** How many bits too many a gray sample has; negative if the image is not plainly gray. */
    private final int grayShift;

    private final int[] row;

    Samples(BufferedImage image) {
      this.image = image;
      this.raster = image.getRaster();
      this.width = image.getWidth();
      this.row = new int[width];
      ColorModel model = image.getColorModel();
      // getRGB would brighten gray samples: Java takes them to be linear in light
      boolean plain =
          model instanceof ComponentColorModel
              && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
      this.grayShift = plain ? model.getComponentSize(0) - 8 : -1;
    }

    /** One row; of one channel, brightness (ITU-R BT.601), or red, green and blue. */
    void row(int y, float[][] channels) {
      if (grayShift >= 0) {
        raster.getSamples(0, y, width, 1, 0, row);
      } else {
        image.getRGB(0, y, width, 1, row, 0, width);
      }
      for (int x = 0; x < width; x++) {
        int red = grayShift >= 0 ? row[x] >> grayShift : row[x] >> 16 & 0xff;
        int green = grayShift >= 0 ? red : row[x] >> 8 & 0xff;
        int blue = grayShift >= 0 ? red : row[x] & 0xff;
        if (channels.length == 3) {
          channels[0][x] = red;
          channels[1][x] = green;
          channels[2][x] = blue;
        } else {
          channels[0][x] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
        }
      }
    }
  }
}
