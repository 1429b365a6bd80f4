package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class BatchesTests {
  /** Counts what is asked of it, and may fail or wait. */
  private static final class Watched implements Dataset {
    final AtomicInteger loads = new AtomicInteger();
    volatile int failAt = -1;
    volatile int waitAt = -1;
    final CountDownLatch wait = new CountDownLatch(1);

    @Override
    public int size() {
      return 100;
    }

    @Override
    public List<Spec> features() {
      return List.of(Spec.f32(1));
    }

    @Override
    public int classes() {
      return 2;
    }

    @Override
    public void gather(int[] indices, int from, Batch batch) {
      int n = loads.incrementAndGet();
      try {
        assertTrue(n != waitAt || wait.await(50, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (n == failAt) {
        throw new TarnException("broken at load " + n);
      }
      for (int i = 0; i < batch.size(); i++) {
        batch.feature().floats()[i] = indices[from + i];
      }
    }
  }

  @Test
  void theSameBatchesInAnyOrder() {
    Dataset data = Datasets.iris();
    Batches plain = data.batch(16);
    for (int ahead = 1; ahead < 4; ahead++) {
      try (Batches fetched = data.batch(16).prefetch(ahead)) {
        for (int epoch = 0; epoch < 3; epoch++) {
          plain.startEpoch(5, epoch);
          fetched.startEpoch(5, epoch);
          for (int i : new int[] {0, 1, 2, 3, 9, 2, 3, 4, 4, 0, 8, 9, 1}) {
            assertEquals(plain.load(i), fetched.load(i), "batch " + i);
          }
        }
      }
    }
  }

  @Test
  void asFarAheadAsAskedFor() throws InterruptedException {
    Watched data = new Watched();
    try (Batches batches = new Batches(data, 10, false).prefetch(2)) {
      batches.startEpoch(0, 0);
      batches.load(0);
      for (int i = 0; i < 500 && data.loads.get() < 3; i++) {
        Thread.sleep(10);
      }
      Thread.sleep(50);
      assertEquals(3, data.loads.get());
    }
  }

  /** A batch stays as it is while the next ones load. */
  @Test
  void givenOutIsNotWrittenTo() {
    Watched data = new Watched();
    try (Batches batches = new Batches(data, 10, false).prefetch(1)) {
      batches.startEpoch(0, 0);
      for (int i = 0; i < batches.count(); i++) {
        HostTensor batch = batches.load(i).feature();
        HostTensor copy = batch.copy();
        for (int spin = 0; spin < 100; spin++) {
          assertEquals(copy, batch);
          Thread.onSpinWait();
        }
        assertEquals(i * 10, batch.get(0));
      }
    }
  }

  @Test
  void failuresReachTheCaller() {
    Watched data = new Watched();
    data.failAt = 3;
    try (Batches batches = new Batches(data, 10, false).prefetch(1)) {
      batches.startEpoch(0, 0);
      batches.load(0);
      batches.load(1);
      TarnException failure = assertThrows(TarnException.class, () -> batches.load(2));
      assertEquals("broken at load 3", failure.getMessage());
      assertEquals(20, batches.load(2).feature().get(0));
      assertEquals(30, batches.load(3).feature().get(0));
    }
  }

  @Test
  void closesWhileLoading() {
    Watched data = new Watched();
    Batches batches = new Batches(data, 10, false).prefetch(2);
    batches.startEpoch(0, 0);
    data.waitAt = 2;
    batches.load(0);
    assertTimeoutPreemptively(Duration.ofSeconds(30), batches::close);
    data.wait.countDown();
    assertThrows(IllegalStateException.class, () -> batches.load(2));
    assertThrows(IllegalStateException.class, () -> batches.startEpoch(0, 1));
  }

  @Test
  void anInterruptIsTold() {
    Watched data = new Watched();
    data.waitAt = 1;
    try (Batches batches = new Batches(data, 10, false).prefetch(1)) {
      batches.startEpoch(0, 0);
      Thread.currentThread().interrupt();
      TarnException failure = assertThrows(TarnException.class, () -> batches.load(0));
      assertEquals("data: interrupted while a batch was loaded", failure.getMessage());
      assertTrue(Thread.interrupted());
      data.wait.countDown();
      assertEquals(0, batches.load(0).feature().get(0));
    }
  }

  @Test
  void stratified() {
    int[] labels = new int[1000];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i < 900 ? 0 : i < 990 ? 1 : 2;
    }
    float[] index = new float[1000];
    for (int i = 0; i < index.length; i++) {
      index[i] = i;
    }
    Dataset data = new ArrayDataset(HostTensor.of(index, 1000, 1), HostTensor.of(labels, 1000), 3);
    Dataset.Split split = data.stratifiedSplit(0.8, 0.1, 0.1, 3);
    int[][] counts = new int[3][3];
    boolean[] seen = new boolean[1000];
    List<Dataset> parts = List.of(split.train(), split.validation(), split.test());
    for (int part = 0; part < 3; part++) {
      Batch batch = CsvTableTests.all(parts.get(part));
      for (int i = 0; i < batch.size(); i++) {
        counts[part][batch.target().ints()[i]]++;
        int example = (int) batch.feature().get(i);
        assertTrue(!seen[example]);
        seen[example] = true;
      }
    }
    assertEquals("[720, 72, 8]", java.util.Arrays.toString(counts[0]));
    assertEquals("[90, 9, 1]", java.util.Arrays.toString(counts[1]));
    assertEquals("[90, 9, 1]", java.util.Arrays.toString(counts[2]));
    Dataset numbers =
        ArrayDataset.ofNumbers(HostTensor.of(index, 1000, 1), HostTensor.of(index, 1000, 1));
    assertThrows(TarnException.class, () -> numbers.stratifiedSplit(0.8, 0.1, 0.1, 3));
    assertThrows(TarnException.class, () -> data.stratifiedSplit(0.8, 0.1, 0.2, 3));
  }
}
