package dev.tarn.cuda.driver;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Small pieces of pinned host memory that live and end together: arguments of launches, scalars.
 */
public final class HostArena implements AutoCloseable {
  private static final int BLOCK_BYTES = 1 << 16;
  private static final int ALIGNMENT = 16;

  /**
   * A piece of an arena.
   *
   * @param address the address of its first byte, aligned to 16 bytes
   * @param buffer its bytes, in native order
   */
  public record Piece(long address, ByteBuffer buffer) {}

  private final CudaContext context;
  private final List<PinnedMemory> blocks = new ArrayList<>();
  private int used = BLOCK_BYTES;

  private HostArena(CudaContext context) {
    this.context = context;
  }

  /** Creates an empty arena. */
  public static HostArena create(CudaContext context) {
    return new HostArena(context);
  }

  /**
   * Allocates a piece.
   *
   * @param bytes 1 to 65,536
   */
  public Piece allocate(int bytes) {
    if (bytes < 1 || bytes > BLOCK_BYTES) {
      throw new IllegalArgumentException("a piece of " + bytes + " bytes");
    }
    if (used + bytes > BLOCK_BYTES) {
      blocks.add(PinnedMemory.allocate(context, BLOCK_BYTES));
      used = 0;
    }
    PinnedMemory block = blocks.get(blocks.size() - 1);
    Piece piece = new Piece(block.address(used), block.buffer(used, bytes));
    used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return piece;
  }

  /** Frees all pieces; never throws. */
  @Override
  public void close() {
    blocks.forEach(PinnedMemory::close);
    blocks.clear();
    used = BLOCK_BYTES;
  }
}
