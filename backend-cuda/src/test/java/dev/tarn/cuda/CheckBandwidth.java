package dev.tarn.cuda;

import dev.tarn.PoolWindow;
import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.cuda.driver.Copy;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.ir.BatchNorm;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The kernels that move memory, beside a copy of as much, measured in the same run. */
final class CheckBandwidth {
  private static final double EPSILON = 1e-5;

  private final int rows;
  private final int columns;
  private final int images;
  private final int channels;
  private final int side;

  private CheckBandwidth(boolean tiny) {
    rows = tiny ? 8 : 1 << 14;
    columns = tiny ? 64 : 1 << 10;
    images = tiny ? 2 : 256;
    channels = tiny ? 4 : 64;
    side = tiny ? 8 : 32;
  }

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckBandwidth sizes = new CheckBandwidth(tiny);
    DeviceTimer timer = GpuCheck.timer(backend, tiny);
    CheckTable table =
        new CheckTable(
            "Kernels that move memory (f32)", "case", "kernel", "MB", "us", "GB/s", "% of copy");
    double copy = sizes.copy(backend, timer, table);
    sizes
        .cases()
        .forEach(
            (name, make) -> {
              try (CheckProgram program = new CheckProgram(backend, Precision.FP32, make)) {
                measure(table, timer, name, program, copy);
              } catch (RuntimeException e) {
                table.failure(name + ": " + e.getMessage());
              }
            });
    return table.note(
        "the copy's bytes count twice, once read and once written; 1 GB is 1e9 bytes");
  }

  private double copy(CudaBackend backend, DeviceTimer timer, CheckTable table) {
    long bytes = 4L * rows * columns;
    try (DeviceMemory source = DeviceMemory.allocate(backend.context(), bytes);
        DeviceMemory target = DeviceMemory.allocate(backend.context(), bytes)) {
      double micros = timer.micros(Copy.onDevice(target.address(), source.address(), bytes));
      double rate = 2e-3 * bytes / micros;
      table.row("copy", "cuMemcpyDtoDAsync", 2e-6 * bytes, micros, rate, 100);
      return rate;
    }
  }

  /** A row for each kernel of a program that moves at least a tenth of what its largest does. */
  private static void measure(
      CheckTable table, DeviceTimer timer, String name, CheckProgram program, double copy) {
    int count = program.plan().commands().size();
    long most = 0;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, program.step(i).bytes());
    }
    for (int i = 0; i < count; i++) {
      Step step = program.step(i);
      if (step.bytes() * 10 >= most) {
        double micros = timer.micros(program.plan().commands().get(i));
        double rate = 1e-3 * step.bytes() / micros;
        table.row(name, step.name(), 1e-6 * step.bytes(), micros, rate, 100 * rate / copy);
      }
    }
  }

  private Map<String, Consumer<CheckProgram.Builder>> cases() {
    Map<String, Consumer<CheckProgram.Builder>> cases = new LinkedHashMap<>();
    cases.put("relu", b -> b.output(matrix(b).relu()));
    cases.put("x + y", b -> b.output(matrix(b).add(matrix(b))));
    cases.put("tanh(x) y + z", b -> b.output(matrix(b).tanh().mul(matrix(b)).add(matrix(b))));
    cases.put("x + bias of a row", b -> b.output(matrix(b).add(b.operand(columns))));
    cases.put("transpose", b -> b.output(matrix(b).t()));
    cases.put("sum of all", b -> b.output(matrix(b).sum()));
    cases.put("sum of each row", b -> b.output(matrix(b).sum(1)));
    cases.put("sum of each column", b -> b.output(matrix(b).sum(0)));
    cases.put("sum of each channel", b -> b.output(batch(b).sum(0, 2, 3)));
    cases.put("softmax", b -> b.output(matrix(b).softmax()));
    cases.put("softmax gradient", b -> gradient(b, matrix(b), Tensor::softmax));
    cases.put("softmax of long rows", b -> b.output(longRows(b).softmax()));
    cases.put("softmax of short rows", b -> b.output(shortRows(b).softmax()));
    cases.put(
        "softmax cross-entropy",
        b -> b.output(matrix(b).softmaxCrossEntropy(b.labels(rows, columns)).sum()));
    cases.put("softmax cross-entropy gradient", b -> crossEntropyGradient(b, matrix(b)));
    cases.put("the same of long rows", b -> crossEntropyGradient(b, longRows(b)));
    cases.put("the same of short rows", b -> crossEntropyGradient(b, shortRows(b)));
    cases.put("layer norm", b -> b.output(matrix(b).normalizeRows(EPSILON)));
    cases.put("layer norm gradient", b -> gradient(b, matrix(b), x -> x.normalizeRows(EPSILON)));
    cases.put("batch norm", b -> b.output(batchNorm(b, batch(b))));
    cases.put(
        "batch norm, sum and relu", b -> b.output(batchNorm(b, batch(b)).add(batch(b)).relu()));
    cases.put("batch norm gradient", b -> gradient(b, batch(b), x -> batchNorm(b, x)));
    cases.put("max pooling", b -> b.output(batch(b).maxPool2d(2)));
    cases.put("max pooling gradient", b -> gradient(b, batch(b), x -> x.maxPool2d(2)));
    PoolWindow window = PoolWindow.of(3).stride(1, 1).padding(1, 1, 1, 1);
    cases.put("max pooling 3x3", b -> b.output(batch(b).maxPool2d(window)));
    cases.put("global average", b -> b.output(batch(b).globalAveragePool2d()));
    cases.put("SGD with momentum", b -> update(b, Sgd.lr(0.1).momentum(0.9)));
    cases.put("Adam", b -> update(b, Adam.lr(0.1)));
    return cases;
  }

  private Tensor matrix(CheckProgram.Builder b) {
    return b.operand(rows, columns);
  }

  /** As many elements in rows of a vocabulary, too long for a block's registers. */
  private Tensor longRows(CheckProgram.Builder b) {
    return b.operand(Math.max(1, rows / 49), columns * 49 + 1);
  }

  /** As many elements in rows of ten classes. */
  private Tensor shortRows(CheckProgram.Builder b) {
    return b.operand(rows * columns / 10, 10);
  }

  private static void crossEntropyGradient(CheckProgram.Builder b, Tensor logits) {
    Tensor labels = b.labels(logits.shape().dim(0), logits.shape().dim(1));
    gradient(b, logits, x -> x.softmaxCrossEntropy(labels));
  }

  private Tensor batch(CheckProgram.Builder b) {
    return b.operand(images, channels, side, side);
  }

  private Tensor batchNorm(CheckProgram.Builder b, Tensor x) {
    return b.trace()
        .add(new BatchNorm(EPSILON), x, b.operand(channels), b.operand(channels))
        .get(0);
  }

  private static void gradient(CheckProgram.Builder b, Tensor x, UnaryOperator<Tensor> function) {
    b.gradients(function.apply(x), x);
  }

  private void update(CheckProgram.Builder b, Optimizer optimizer) {
    State parameters = b.normal(rows, columns);
    List<State> moments = new ArrayList<>();
    optimizer.moments().forEach(moment -> moments.add(b.normal(rows, columns)));
    List<Tensor> scalars = new ArrayList<>();
    optimizer.scalars().forEach(scalar -> scalars.add(b.operand()));
    Optimizer.Next next =
        optimizer.next(
            b.trace().state(parameters),
            matrix(b),
            moments.stream().map(b.trace()::state).toList(),
            scalars,
            true);
    b.trace().update(parameters, next.parameter());
    for (int i = 0; i < moments.size(); i++) {
      b.trace().update(moments.get(i), next.moments().get(i));
    }
  }
}
