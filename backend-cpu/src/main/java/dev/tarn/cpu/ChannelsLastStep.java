package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One pass over an image with its channels last: of batch normalization or its gradient, which take
 * several, or the sum of each channel.
 *
 * <p>The passes of a normalization share numbers per channel. Sums are taken by each part and added
 * up when all parts are done.
 */
final class ChannelsLastStep extends Step {
  private enum Pass {
    SUM,
    STATISTICS,
    STATISTICS_AGAIN,
    NORMALIZE,
    GRADIENT_SUMS,
    GRADIENT
  }

  /** The sums that a part has taken of each channel. */
  private static final class Sums {
    final double[] shift;
    final double[] sums;
    final double[] products;

    Sums(int count) {
      shift = new double[count];
      sums = new double[count];
      products = new double[count];
    }
  }

  /** What passes tell each other of each channel: {@code y = (x - shift) slope + offset}. */
  private static final class Channels {
    final double[] shift;
    final double[] factor;
    final double[] slope;
    final double[] offset;

    /** Whether the means are now known but the variances are not yet. */
    boolean again;

    Channels(int count) {
      shift = new double[count];
      factor = new double[count];
      slope = new double[count];
      offset = new double[count];
    }
  }

  private final Pass pass;
  private final double epsilon;
  private final ChannelsLast image;
  private final Channels shared;
  private final boolean rectifies;
  private final Sums[] own;
  private final List<Buffer> from;
  private final List<Buffer> to;
  private final View[] in;
  private final View[] out;

  private ChannelsLastStep(
      Pass pass,
      double epsilon,
      ChannelsLast image,
      Channels shared,
      boolean rectifies,
      List<Buffer> from,
      List<Buffer> to) {
    this.pass = pass;
    this.epsilon = epsilon;
    this.image = image;
    this.shared = shared;
    this.rectifies = rectifies;
    this.own = new Sums[image.parts()];
    Arrays.setAll(own, i -> new Sums(image.channels()));
    this.from = from;
    this.to = to;
    this.in = new View[from.size()];
    this.out = new View[to.size()];
  }

  /** The sum of each channel. */
  static ChannelsLastStep sum(Shape shape, Buffer from, Buffer to, int threads) {
    ChannelsLast image = new ChannelsLast(shape, threads);
    Channels shared = new Channels(image.channels());
    List<Buffer> one = List.of(from);
    return new ChannelsLastStep(Pass.SUM, 0, image, shared, false, one, List.of(to));
  }

  /** A batch normalization, whose last pass may be put off. */
  static final class Normalization {
    private final double epsilon;
    private final List<Buffer> from;
    private final ChannelsLast image;
    private final Channels shared;

    /** The normalization of x with scale and bias. */
    Normalization(Shape shape, double epsilon, List<Buffer> from, int threads) {
      this.epsilon = epsilon;
      this.from = List.copyOf(from);
      this.image = new ChannelsLast(shape, threads);
      this.shared = new Channels(image.channels());
    }

    /** The passes that give mean and variance. */
    List<ChannelsLastStep> statistics(List<Buffer> to) {
      return Stream.of(Pass.STATISTICS, Pass.STATISTICS_AGAIN)
          .map(pass -> new ChannelsLastStep(pass, epsilon, image, shared, false, from, to))
          .toList();
    }

    /**
     * The pass that gives y, after those of the statistics.
     *
     * @param skip what is added to it, if anything
     * @param rectifies whether a ReLU follows
     */
    ChannelsLastStep normalize(@Nullable Buffer skip, boolean rectifies, Buffer to) {
      List<Buffer> operands = new ArrayList<>(from);
      if (skip != null) {
        operands.add(skip);
      }
      return new ChannelsLastStep(
          Pass.NORMALIZE, epsilon, image, shared, rectifies, operands, List.of(to));
    }
  }

  /**
   * The passes of a normalization's gradient: of x, scale, mean, variance, dy to dx, dscale, dbias.
   */
  static List<ChannelsLastStep> gradient(
      Shape shape, double epsilon, List<Buffer> from, List<Buffer> to, int threads) {
    ChannelsLast image = new ChannelsLast(shape, threads);
    Channels shared = new Channels(image.channels());
    List<Buffer> sums = to.subList(1, 3);
    List<Buffer> dx = to.subList(0, 1);
    return List.of(
        new ChannelsLastStep(Pass.GRADIENT_SUMS, epsilon, image, shared, false, from, sums),
        new ChannelsLastStep(Pass.GRADIENT, epsilon, image, shared, false, from, dx));
  }

  /** What it reads. */
  List<Buffer> reads() {
    return from;
  }

  /** What it writes. */
  List<Buffer> writes() {
    return to;
  }

  /** The images of which it reads each element before it writes the same of its result. */
  List<Buffer> overwritable() {
    return switch (pass) {
      case NORMALIZE -> from.size() > 3 ? List.of(from.get(3), from.get(0)) : from.subList(0, 1);
      case GRADIENT -> List.of(from.get(4), from.get(0));
      default -> List.of();
    };
  }

  @Override
  int parts() {
    return image.parts();
  }

  @Override
  void bind(Addresses addresses) {
    Arrays.setAll(in, i -> addresses.view(from.get(i)));
    Arrays.setAll(out, i -> addresses.view(to.get(i)));
  }

  @Override
  void run(int part, Workspace w) {
    if (pass == Pass.STATISTICS_AGAIN && !shared.again) {
      return;
    }
    ChannelTiles.Scratch s = w.channels;
    Sums mine = own[part];
    if (pass == Pass.NORMALIZE || pass == Pass.GRADIENT) {
      apply(part, s);
      return;
    }
    shift(mine.shift, s);
    image.spread(mine.shift, s.shift);
    image.sum(part, s, (at, n) -> add(at, n, s));
    image.collect(s.wideSums, mine.sums);
    image.collect(s.wideProducts, mine.products);
  }

  /** What the elements of channels are measured from. */
  private void shift(double[] shift, ChannelTiles.Scratch s) {
    if (pass == Pass.STATISTICS) {
      image.sample(in[0], shift, s);
      return;
    }
    for (int c = 0; c < image.channels(); c++) {
      shift[c] =
          switch (pass) {
            case STATISTICS_AGAIN -> shared.shift[c];
            case GRADIENT_SUMS -> in[2].getFloat(c);
            default -> 0;
          };
    }
  }

  private void readGradient(long at, int n, ChannelTiles.Scratch s) {
    in[0].get(at, s.x, 0, n);
    in[4].get(at, s.dy, 0, n);
  }

  private void add(long at, int n, ChannelTiles.Scratch s) {
    if (pass == Pass.GRADIENT_SUMS) {
      readGradient(at, n, s);
      BatchNormStep.addProducts(s.x, s.shift, s.dy, s.sums, s.products, n);
      return;
    }
    in[0].get(at, s.x, 0, n);
    switch (pass) {
      case STATISTICS, STATISTICS_AGAIN ->
          BatchNormStep.addSquares(s.x, s.shift, s.sums, s.products, n);
      default -> BatchNormStep.addDistances(s.x, s.shift, s.sums, n);
    }
  }

  private void apply(int part, ChannelTiles.Scratch s) {
    image.spread(shared.shift, s.shift);
    image.spread(shared.factor, s.factor);
    image.spread(shared.slope, s.slope);
    image.spread(shared.offset, s.offset);
    image.forEach(
        part,
        (at, n) -> {
          if (pass == Pass.GRADIENT) {
            readGradient(at, n, s);
            BatchNormStep.combine(s.x, s.dy, s, n);
          } else {
            normalize(at, n, s);
          }
          out[0].put(at, s.x, 0, n);
        });
  }

  private void normalize(long at, int n, ChannelTiles.Scratch s) {
    in[0].get(at, s.x, 0, n);
    BatchNormStep.affine(s.x, s.shift, s.slope, s.offset, n);
    if (in.length > 3) {
      in[3].get(at, s.dy, 0, n);
      TileKernels.addTo(s.x, s.dy, n);
    }
    if (rectifies) {
      TileKernels.rectify(s.x, n);
    }
  }

  @Override
  void finish() {
    if (pass == Pass.NORMALIZE
        || pass == Pass.GRADIENT
        || (pass == Pass.STATISTICS_AGAIN && !shared.again)) {
      return;
    }
    shared.again = false;
    for (int c = 0; c < image.channels(); c++) {
      double sum = 0;
      double product = 0;
      for (Sums mine : own) {
        sum += mine.sums[c];
        product += mine.products[c];
      }
      use(c, sum, product);
    }
  }

  private void use(int c, double sum, double product) {
    double count = image.count();
    switch (pass) {
      case SUM -> out[0].putFloat(c, (float) sum);
      case STATISTICS -> {
        statistics(c, own[0].shift[c], sum / count, product / count);
        // Far from the mean squares are large, and their sum has lost what makes the variance.
        double rest = sum / count;
        shared.again |= !(2 * rest * rest <= product / count);
      }
      case STATISTICS_AGAIN -> statistics(c, shared.shift[c], sum / count, product / count);
      default -> {
        double r = 1 / Math.sqrt(in[3].getFloat(c) + epsilon);
        double scale = in[1].getFloat(c);
        out[0].putFloat(c, (float) (product * r));
        out[1].putFloat(c, (float) sum);
        shared.shift[c] = in[2].getFloat(c);
        shared.factor[c] = scale * r;
        shared.slope[c] = -scale * r * r * r * product / count;
        shared.offset[c] = -scale * r * sum / count;
      }
    }
  }

  /**
   * Notes the statistics of a channel.
   *
   * @param shift what distances were measured from, near the mean
   * @param rest the mean of the distances
   * @param square the mean of their squares
   */
  private void statistics(int c, double shift, double rest, double square) {
    double mean = (float) shift + rest;
    double variance = square - rest * rest;
    double factor = in[1].getFloat(c) / Math.sqrt(variance + epsilon);
    out[0].putFloat(c, (float) mean);
    out[1].putFloat(c, (float) variance);
    shared.shift[c] = (float) mean;
    shared.slope[c] = factor;
    shared.offset[c] = in[2].getFloat(c) - (mean - (float) mean) * factor;
  }
}
