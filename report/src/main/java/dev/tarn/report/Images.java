package dev.tarn.report;

import dev.tarn.HostTensor;
import java.awt.image.BufferedImage;

/** Images from tensors. */
final class Images {
  private Images() {}

  /**
   * A picture of {@code [H,W]}, {@code [1,H,W]} or {@code [3,H,W]}, its finite values stretched
   * from black to white.
   */
  static BufferedImage of(HostTensor tensor) {
    int rank = tensor.shape().rank();
    int channels = rank == 3 ? tensor.shape().dim(0) : 1;
    int height = tensor.shape().dim(-2);
    int width = tensor.shape().dim(-1);
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < tensor.size(); i++) {
      if (Double.isFinite(tensor.get(i))) {
        low = Math.min(low, tensor.get(i));
        high = Math.max(high, tensor.get(i));
      }
    }
    double range = high > low ? high - low : 1;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int rgb = 0;
        for (int c = 0; c < 3; c++) {
          int plane = channels == 3 ? c : 0;
          double value = (tensor.get((plane * height + y) * width + x) - low) / range;
          rgb = rgb << 8 | (int) Math.round(255 * Math.max(0, Math.min(1, value)));
        }
        image.setRGB(x, y, rgb);
      }
    }
    return image;
  }
}
