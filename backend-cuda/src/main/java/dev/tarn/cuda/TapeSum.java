package dev.tarn.cuda;

import dev.tarn.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a kernel that computes a tape also sums one of its results: over {@code [reduced, inner]}
 * down the columns, or over {@code [outer, reduced]} along the rows. The kernel gives a sum for
 * each chunk of what is reduced; what is then left to add is another reduction.
 *
 * @param columns whether sums go down columns
 * @param parts rows of sums: chunks, or with rows outer times chunks
 * @param reduced the extent that the kernel reduces
 * @param inner the columns, or 1
 * @param chunk how much of the extent is one sum
 * @param chunks how many there are of them
 * @param across the threads of a block that have neighbouring elements
 * @param down the others
 * @param rest the shape of the kernel's sums
 * @param axes the axes of that shape that are still to be reduced
 */
record TapeSum(
    boolean columns,
    long parts,
    long reduced,
    long inner,
    long chunk,
    long chunks,
    int across,
    int down,
    Shape rest,
    List<Integer> axes) {
  /** The threads of a block at most. */
  static final int THREADS = 512;

  /** Neighbours of a row of which a block takes the columns together: whole cache lines. */
  private static final int ACROSS = 8;

  /** Of so many elements a thread takes the sum, where one launch cannot have them all. */
  private static final int EACH = 4;

  /** The threads of a block at least, where there are as many columns. */
  private static final int LEAST = 128;

  private static final int ROW_THREADS = 256;
  private static final int ROW_CHUNK = 4096;
  private static final int BLOCKS = 1024;

  /** Copies the list. */
  TapeSum {
    axes = List.copyOf(axes);
  }

  /**
   * How the sum over axes of a shape is taken, or null if it is not: for rows that are not whole
   * accesses, and axes that would take another order.
   *
   * @param shape the shape as its elements lie
   * @param width the elements that a thread computes together
   */
  static @Nullable TapeSum of(Shape shape, List<Integer> axes, int width) {
    List<ReduceLowering.Group> groups = ReduceLowering.groups(shape, axes);
    int last = groups.size() - 1;
    if (last < 0 || groups.get(last).extent() % width != 0) {
      return null;
    }
    if (groups.get(last).reduced()) {
      return rows(groups, width);
    }
    return groups.size() == 2 ? columns(groups, width) : null;
  }

  private static TapeSum columns(List<ReduceLowering.Group> groups, int width) {
    long rows = groups.get(0).extent();
    long inner = groups.get(1).extent();
    long most = power(Steps.ceil(rows, EACH));
    long few = Math.min(most, THREADS / ACROSS);
    int across = (int) Math.min(power(Steps.ceil(inner, width)), Math.max(ACROSS, LEAST / few));
    int down = (int) Math.min(most, THREADS / across);
    long chunk = rows;
    if (rows > 2L * EACH * down) {
      long least = Math.max(Steps.ceil(rows, BLOCKS), (long) EACH * down);
      chunk = Steps.ceil(least, down) * down;
    }
    long chunks = Steps.ceil(rows, chunk);
    Shape rest = Shape.of((int) chunks, (int) inner);
    List<Integer> axes = chunks == 1 ? List.of() : List.of(0);
    return new TapeSum(true, chunks, rows, inner, chunk, chunks, across, down, rest, axes);
  }

  private static TapeSum rows(List<ReduceLowering.Group> groups, int width) {
    int last = groups.size() - 1;
    long reduced = groups.get(last).extent();
    List<Integer> extents = new ArrayList<>();
    List<Integer> axes = new ArrayList<>();
    long outer = 1;
    for (int i = 0; i < last; i++) {
      outer *= groups.get(i).extent();
      extents.add((int) groups.get(i).extent());
      if (groups.get(i).reduced()) {
        axes.add(i);
      }
    }
    long most = Math.max(1, BLOCKS / outer);
    long wanted = Math.min(Steps.ceil(reduced, ROW_CHUNK), most);
    long chunk = Steps.ceil(Steps.ceil(reduced, wanted), width) * width;
    long chunks = Steps.ceil(reduced, chunk);
    extents.add((int) chunks);
    if (chunks > 1) {
      axes.add(last);
    }
    int across = (int) Math.min(ROW_THREADS, power(Steps.ceil(chunk, 2L * width)));
    int down = ROW_THREADS / across;
    Shape rest = Shape.of(extents.stream().mapToInt(i -> i).toArray());
    return new TapeSum(false, outer * chunks, reduced, 1, chunk, chunks, across, down, rest, axes);
  }

  /** The least power of two that is not less. */
  private static long power(long n) {
    return n <= 1 ? 1 : Long.highestOneBit(2 * n - 1);
  }

  /** Whether the kernel's sums are those that are wanted. */
  boolean isWhole() {
    return axes.isEmpty();
  }

  /** The number of the kernel's sums. */
  long sums() {
    return rest.size();
  }

  /** The blocks along x; along y there are as many as {@link #chunks} for columns. */
  long blocks(int width) {
    return columns ? Steps.ceil(inner, (long) across * width) : Steps.ceil(parts, down);
  }
}
