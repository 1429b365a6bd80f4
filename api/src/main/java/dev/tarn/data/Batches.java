package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.internal.RandomStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A data set cut into batches; the last of an epoch may be smaller.
 *
 * <p>The order of an epoch depends on seed and epoch only, so any batch can be made again. The
 * tensors given out are reused: a batch is valid until the next one of its size is loaded.
 */
public final class Batches implements AutoCloseable {
  /**
   * Examples for one step.
   *
   * @param features the model's inputs: f32 or i32 {@code [n, ...]}, at least one
   * @param targets i32 or f32 {@code [n, ...]}
   */
  public record Batch(List<HostTensor> features, List<HostTensor> targets) {
    /** Copies the lists, not the tensors. */
    public Batch {
      features = List.copyOf(features);
      targets = List.copyOf(targets);
      if (features.isEmpty()) {
        throw new TarnException("batch: an example needs features");
      }
      Spec first = features.get(0).spec();
      check(first, features);
      check(first, targets);
    }

    private static void check(Spec first, List<HostTensor> tensors) {
      for (HostTensor tensor : tensors) {
        if (first.shape().rank() == 0
            || tensor.shape().rank() == 0
            || tensor.shape().dim(0) != first.shape().dim(0)) {
          throw new TarnException(
              "batch: " + first + " and " + tensor.spec() + " have not as many examples");
        }
      }
    }

    /** Examples with one tensor of features and one of targets. */
    public Batch(HostTensor features, HostTensor targets) {
      this(List.of(features), List.of(targets));
    }

    /** A batch of zeros for so many examples, given what one example has. */
    public static Batch zeros(List<Spec> features, List<Spec> targets, int size) {
      return new Batch(zeros(features, size), zeros(targets, size));
    }

    private static List<HostTensor> zeros(List<Spec> specs, int size) {
      return specs.stream().map(spec -> HostTensor.zeros(spec.prepend(size))).toList();
    }

    /**
     * The only features.
     *
     * @throws TarnException if there are several
     */
    public HostTensor feature() {
      return only(features, "features");
    }

    /**
     * The only target.
     *
     * @throws TarnException if there is none, or there are several
     */
    public HostTensor target() {
      return only(targets, "targets");
    }

    /** The number of examples. */
    public int size() {
      return features.get(0).shape().dim(0);
    }
  }

  private final Dataset data;
  private final int batchSize;
  private final boolean shuffle;
  private final @Nullable Augmentation augmentation;
  private final @Nullable Prefetch prefetch;
  private final List<Map<Integer, Batch>> buffers = new ArrayList<>();
  private Epoch epoch = new Epoch(new int[0], 0, 0);
  private long loadNanos;

  /** What decides what a batch holds. */
  private record Epoch(int[] order, long seed, long number) {}

  /**
   * Batches of a data set.
   *
   * @param shuffle whether each epoch has an order of its own
   * @throws TarnException if the size is not positive or there are no examples
   */
  public Batches(Dataset data, int batchSize, boolean shuffle) {
    this(data, batchSize, shuffle, null, null);
  }

  private Batches(
      Dataset data,
      int batchSize,
      boolean shuffle,
      @Nullable Augmentation augmentation,
      @Nullable Prefetch prefetch) {
    if (batchSize <= 0) {
      throw new TarnException("batch: the size must be positive, not " + batchSize);
    }
    if (data.size() == 0) {
      throw new TarnException("batch: the data set has no examples");
    }
    this.data = data;
    this.batchSize = Math.min(batchSize, data.size());
    this.shuffle = shuffle;
    this.augmentation = augmentation;
    this.prefetch = prefetch;
    for (int i = 0; i < (prefetch == null ? 1 : prefetch.slots()); i++) {
      buffers.add(new HashMap<>());
    }
  }

  /**
   * These batches with images that are changed at random in every epoch.
   *
   * @throws TarnException if the examples are not images {@code [C, H, W]}
   */
  public Batches augment(Augmentation value) {
    value.requireImages(data);
    return new Batches(data, batchSize, shuffle, value, prefetch);
  }

  /**
   * These batches, the next of which are loaded in the background while one is worked on. They are
   * the same, and those already loaded take memory. {@link #close} ends it.
   *
   * @param ahead how many batches, at least 1
   */
  public Batches prefetch(int ahead) {
    if (ahead < 1) {
      throw new TarnException("prefetch: at least one batch ahead, not " + ahead);
    }
    return new Batches(data, batchSize, shuffle, augmentation, new Prefetch(ahead));
  }

  /** The data set. */
  public Dataset data() {
    return data;
  }

  /** The number of examples in a batch, not counting a smaller last one. */
  public int batchSize() {
    return batchSize;
  }

  /** The number of batches in an epoch. */
  public int count() {
    return (data.size() + batchSize - 1) / batchSize;
  }

  /** Puts the examples in the order of an epoch; call it before {@link #load}. */
  public void startEpoch(long seed, long number) {
    if (prefetch != null) {
      prefetch.drain();
    }
    int[] order = epoch.order;
    if (shuffle) {
      order = new RandomStream(seed, "shuffle/" + number).permutation(data.size());
    } else if (order.length == 0) {
      order = new int[data.size()];
      for (int i = 0; i < order.length; i++) {
        order[i] = i;
      }
    }
    epoch = new Epoch(order, seed, number);
  }

  /** The batch of an index in the current epoch, from 0. */
  public Batch load(int index) {
    Epoch current = epoch;
    long begin = System.nanoTime();
    Batch batch =
        prefetch == null
            ? load(current, index, 0)
            : prefetch.take(index, count(), (i, slot) -> load(current, i, slot));
    loadNanos += System.nanoTime() - begin;
    return batch;
  }

  /** Nanoseconds for which {@link #load} has kept its callers waiting, in all. */
  public long loadNanos() {
    return loadNanos;
  }

  private Batch load(Epoch current, int index, int slot) {
    int from = index * batchSize;
    int size = Math.min(batchSize, data.size() - from);
    Batch batch =
        buffers
            .get(slot)
            .computeIfAbsent(size, n -> Batch.zeros(data.features(), data.targets(), n));
    data.gather(current.order, from, batch);
    if (augmentation != null) {
      Shape image = data.featureShape();
      float[] values = batch.feature().floats();
      for (int i = 0; i < size; i++) {
        int example = current.order[from + i];
        augmentation.apply(
            values, i * image.intSize(), image, current.seed, current.number, example);
      }
    }
    return batch;
  }

  /** Ends what loads in the background; without {@link #prefetch} there is nothing to do. */
  @Override
  public void close() {
    if (prefetch != null) {
      prefetch.close();
    }
  }

  /** The only element of a list. */
  static <T> T only(List<T> list, String what) {
    if (list.size() != 1) {
      throw new TarnException("data: an example has " + list.size() + " " + what + ", not one");
    }
    return list.get(0);
  }
}
