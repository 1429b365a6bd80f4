package dev.tarn;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A CUDA kernel of a {@link CustomOp}: source text, and how it is launched.
 *
 * <p>The function is {@code extern "C" __global__}. Its parameters are the addresses of the inputs
 * ({@code const float *} or {@code const int *}), of the outputs, and then the arguments added with
 * {@link #with(int)} and {@link #with(float)}, each in order. Products and sums are not contracted.
 *
 * @param file the source's file name, for the compiler's messages
 * @param source CUDA C++ text
 * @param function the kernel's name in it
 * @param gridX the number of blocks along x
 * @param gridY the number of blocks along y
 * @param blockX the number of threads of a block along x
 * @param blockY the number of threads of a block along y
 * @param arguments what follows the addresses: integers and floats
 */
public record CudaKernel(
    String file,
    String source,
    String function,
    int gridX,
    int gridY,
    int blockX,
    int blockY,
    List<Number> arguments) {
  private static final int BLOCK = 256;
  private static final int MAX_BLOCK = 1024;

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if the grid or a block of it is not one that CUDA launches
   */
  public CudaKernel {
    arguments = List.copyOf(arguments);
    if (gridX < 1 || gridY < 1 || blockX < 1 || blockY < 1 || blockX * blockY > MAX_BLOCK) {
      throw new IllegalArgumentException(
          function + ": no grid of " + gridX + "x" + gridY + " blocks of " + blockX + "x" + blockY);
    }
  }

  /** A kernel of a source text, launched as one thread until that is changed. */
  public static CudaKernel of(String file, String source, String function) {
    return new CudaKernel(file, source, function, 1, 1, 1, 1, List.of());
  }

  /**
   * A kernel of a source on the class path, beside a class.
   *
   * @throws TarnException if it is not there
   */
  public static CudaKernel resource(Class<?> beside, String file, String function) {
    try (InputStream in = beside.getResourceAsStream(file)) {
      if (in == null) {
        throw new TarnException(
            "no " + file + " beside " + beside.getName() + " on the class path");
      }
      return of(file, new String(in.readAllBytes(), StandardCharsets.UTF_8), function);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** With so many blocks. */
  public CudaKernel grid(int x, int y) {
    return new CudaKernel(file, source, function, x, y, blockX, blockY, arguments);
  }

  /** With so many threads in a block, at most 1024. */
  public CudaKernel block(int x, int y) {
    return new CudaKernel(file, source, function, gridX, gridY, x, y, arguments);
  }

  /** With at least so many threads, in blocks of 256 along x; at least one block. */
  public CudaKernel threads(long count) {
    int blocks = Math.toIntExact(Math.max(1, (count + BLOCK - 1) / BLOCK));
    return grid(blocks, 1).block(BLOCK, 1);
  }

  /** With an {@code int} or {@code unsigned int} as the next argument. */
  public CudaKernel with(int argument) {
    return withNumber(argument);
  }

  /** With a {@code float} as the next argument. */
  public CudaKernel with(float argument) {
    return withNumber(argument);
  }

  private CudaKernel withNumber(Number argument) {
    List<Number> all = new ArrayList<>(arguments);
    all.add(argument);
    return new CudaKernel(file, source, function, gridX, gridY, blockX, blockY, all);
  }
}
