package dev.tarn.report;

import dev.tarn.HostTensor;

/**
 * An image that was taken for what it is not.
 *
 * @param image {@code [C, H, W]} with one channel (grey) or three (red, green, blue), or {@code [H,
 *     W]}; the least of its values is shown black and the largest white
 * @param truth the true class
 * @param predicted the class it was taken for
 * @param probability that the model gave the predicted class, from 0 to 1
 */
public record Mistake(HostTensor image, String truth, String predicted, double probability) {
  /** Checks the image's shape. */
  public Mistake {
    int rank = image.shape().rank();
    boolean channels = rank == 3 && (image.shape().dim(0) == 1 || image.shape().dim(0) == 3);
    if ((rank != 2 && !channels) || image.size() == 0) {
      throw new IllegalArgumentException(
          "mistake: an image is [H,W], [1,H,W] or [3,H,W], this one is " + image.spec());
    }
  }

  /** What is to be seen, in words. */
  String caption() {
    return "true " + truth + ", predicted " + predicted + " (" + Texts.percent(probability) + ")";
  }
}
