package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.cuda.driver.Copy;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.cuda.driver.Gemm;
import dev.tarn.cuda.driver.GemmShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Convolutions 3 x 3 with as many filters as channels, in each direction and precision, beside a
 * matrix product of cuBLAS with the same number of operations, measured in the same run.
 */
final class CheckConvolutions {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);
  private static final int KERNEL = 3 * 3;

  private enum Pass {
    FORWARD,
    FORWARD_WITH_BIAS_AND_RELU,
    FORWARD_THEN_BIAS_AND_RELU,
    DATA_GRADIENT,
    DATA_GRADIENT_WITH_SUM_AND_MASK,
    DATA_GRADIENT_THEN_SUM_AND_MASK,
    WEIGHT_GRADIENT;

    /** Whether the tape after the convolution is a kernel of its own. */
    boolean isApart() {
      return name().contains("_THEN_");
    }
  }

  private record Size(int images, int channels, int side) {
    double flops() {
      return 2.0 * images * side * side * channels * channels * KERNEL;
    }

    /** The product that a convolution is when its windows are written out. */
    GemmShape gemm(Pass pass) {
      int pixels = images * side * side;
      return pass == Pass.WEIGHT_GRADIENT
          ? GemmShape.of(channels, channels * KERNEL, pixels, true, false)
          : GemmShape.of(pixels, channels, channels * KERNEL, false, true);
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "[%d,%d,%d,%d]", images, channels, side, side);
    }
  }

  private CheckConvolutions() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable(
            "Convolutions 3 x 3 beside cuBLAS at the same number of operations",
            "x",
            "direction",
            "precision",
            "us with packing",
            "us of the kernel",
            "TFLOP/s",
            "cuBLAS TFLOP/s",
            "% of cuBLAS",
            "us by tile",
            "us by wgmma tile");
    Size[] sizes =
        tiny
            ? new Size[] {new Size(2, 8, 8)}
            : new Size[] {new Size(128, 64, 32), new Size(128, 128, 16), new Size(128, 256, 8)};
    DeviceTimer timer = GpuCheck.timer(backend, tiny);
    for (Size size : sizes) {
      for (Pass pass : Pass.values()) {
        for (Precision precision : Precision.values()) {
          String what = size + " " + pass + " " + precision;
          try {
            measure(table, timer, backend, size, pass, precision);
          } catch (RuntimeException e) {
            table.failure(what + ": " + e.getMessage());
          }
        }
      }
    }
    return table;
  }

  private static void measure(
      CheckTable table,
      DeviceTimer timer,
      CudaBackend backend,
      Size size,
      Pass pass,
      Precision precision) {
    double all;
    double kernel;
    try (CheckProgram program = program(backend, size, pass, precision)) {
      all = timer.micros(program.plan().commands());
      kernel = kernel(timer, program, size);
    }
    double product = product(timer, backend, size.gemm(pass), precision);
    double rate = 1e-6 * size.flops() / kernel;
    double reference = 1e-6 * size.flops() / product;
    String direction = pass.toString().toLowerCase(Locale.ROOT).replace('_', ' ');
    table.expect(kernel > 0, size + " " + direction + ": no step with as many operations");
    table.row(
        size,
        direction,
        precision,
        all,
        kernel,
        kernel > 0 ? rate : 0,
        reference,
        kernel > 0 ? 100 * rate / reference : 0,
        byTile(timer, backend, size, pass, precision),
        byWgmmaTile(timer, backend, size, pass, precision));
  }

  /** The time of the steps with as many operations. */
  private static double kernel(DeviceTimer timer, CheckProgram program, Size size) {
    double micros = 0;
    for (int i = 0; i < program.plan().commands().size(); i++) {
      if (program.step(i).flops() >= size.flops() / 2) {
        micros += timer.micros(program.plan().commands().get(i));
      }
    }
    return micros;
  }

  /** The same times where {@code wgmma} multiplies, if this device has it. */
  private static String byWgmmaTile(
      DeviceTimer timer, CudaBackend backend, Size size, Pass pass, Precision precision) {
    String before = System.setProperty(Kernels.WGMMA, "true");
    try {
      boolean multiplies = precision != Precision.FP32 && pass != Pass.WEIGHT_GRADIENT;
      return multiplies && backend.kernels().hasWgmma()
          ? byTile(timer, backend, size, pass, precision)
          : "";
    } finally {
      CaseChecks.restore(Kernels.WGMMA, before);
    }
  }

  /** The times with each of the tiles that the fastest is chosen from. */
  private static String byTile(
      DeviceTimer timer, CudaBackend backend, Size size, Pass pass, Precision precision) {
    boolean strict = precision == Precision.FP32;
    boolean weight = pass == Pass.WEIGHT_GRADIENT;
    if ((strict && weight) || pass.name().contains("WITH") || pass.isApart()) {
      return "";
    }
    int channels = size.channels();
    long terms = (long) KERNEL * channels;
    List<?> tiles =
        weight
            ? WeightTile.candidates(channels, terms)
            : strict
                ? StrictTile.candidates(1, channels, 1, KERNEL)
                : PixelTile.candidates(channels, 1, false, backend.kernels().hasWgmma());
    String before = System.getProperty(Tuner.PROPERTY);
    List<String> times = new ArrayList<>();
    for (int i = 0; i < tiles.size(); i++) {
      System.setProperty(Tuner.PROPERTY, String.valueOf(i));
      try (CheckProgram program = program(backend, size, pass, precision)) {
        times.add(String.format(Locale.ROOT, "%.1f", kernel(timer, program, size)));
      } finally {
        CaseChecks.restore(Tuner.PROPERTY, before);
      }
    }
    return String.join(" ", times);
  }

  private static CheckProgram program(
      CudaBackend backend, Size size, Pass pass, Precision precision) {
    System.setProperty(Epilogues.PROPERTY, Boolean.toString(!pass.isApart()));
    try {
      return new CheckProgram(backend, precision, builder -> build(builder, size, pass));
    } finally {
      System.clearProperty(Epilogues.PROPERTY);
    }
  }

  private static void build(CheckProgram.Builder builder, Size size, Pass pass) {
    int channels = size.channels();
    Tensor x = builder.operand(size.images(), channels, size.side(), size.side());
    Tensor weights = builder.operand(channels, channels, 3, 3);
    Tensor y = x.conv2d(weights, SAME);
    switch (pass) {
      case FORWARD -> builder.output(y);
      case FORWARD_WITH_BIAS_AND_RELU, FORWARD_THEN_BIAS_AND_RELU ->
          builder.output(y.add(builder.operand(channels, 1, 1)).relu());
      case DATA_GRADIENT -> builder.gradients(y, x);
      case DATA_GRADIENT_WITH_SUM_AND_MASK, DATA_GRADIENT_THEN_SUM_AND_MASK -> {
        Tensor h = x.relu();
        builder.gradients(h.conv2d(weights, SAME).add(h), x);
      }
      case WEIGHT_GRADIENT -> builder.gradients(y, weights);
    }
  }

  private static double product(
      DeviceTimer timer, CudaBackend backend, GemmShape shape, Precision precision) {
    boolean bf16 = precision == Precision.BF16;
    Gemm.Type type = bf16 ? Gemm.Type.BF16 : Gemm.Type.F32;
    Gemm.Compute compute = precision == Precision.TF32 ? Gemm.Compute.TF32 : Gemm.Compute.F32;
    int bytes = bf16 ? Short.BYTES : Float.BYTES;
    try (DeviceMemory a = random(backend, (long) shape.m() * shape.k() * bytes);
        DeviceMemory b = random(backend, (long) shape.k() * shape.n() * bytes);
        DeviceMemory c = random(backend, (long) shape.m() * shape.n() * bytes)) {
      return timer.micros(
          backend
              .cublas()
              .gemm(shape, type, type, compute, 1, a.address(), b.address(), 0, c.address()));
    }
  }

  /** Memory whose halves of words are bf16 numbers, and whose words are f32 numbers as well. */
  private static DeviceMemory random(CudaBackend backend, long bytes) {
    float[] normal = CheckProgram.Normal.VALUES;
    int[] words = new int[(int) Math.min(normal.length, (bytes + 3) / Integer.BYTES)];
    for (int i = 0; i < words.length; i++) {
      int high = Float.floatToRawIntBits(normal[i]);
      int low = Float.floatToRawIntBits(normal[words.length - 1 - i]);
      words[i] = high & 0xffff0000 | low >>> Short.SIZE;
    }
    long size = (long) words.length * Integer.BYTES;
    DeviceMemory memory = DeviceMemory.allocate(backend.context(), Math.max(size, bytes));
    backend.transfers().toDevice(memory.address(), HostTensor.of(words, words.length));
    for (long at = size; at < bytes; at += size) {
      Copy.onDevice(memory.address() + at, memory.address(), Math.min(size, bytes - at))
          .enqueue(backend.stream());
    }
    return memory;
  }
}
