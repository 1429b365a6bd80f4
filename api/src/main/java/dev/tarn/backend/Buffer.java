package dev.tarn.backend;

import dev.tarn.State;
import org.jspecify.annotations.Nullable;

/**
 * A piece of device memory that lowering works with before it has an address.
 *
 * <p>A buffer of a state lies in the state store, every other one in the executable's arena, at an
 * offset that is known after {@link Schedule#plan}.
 */
public final class Buffer {
  private final String label;
  private final long bytes;
  private final @Nullable State state;
  int first = Integer.MAX_VALUE;
  int last = -1;
  long offset = -1;

  /** The buffer whose memory it has: itself, or one that it was written over. */
  Buffer home = this;

  Buffer(String label, long bytes, @Nullable State state) {
    this.label = label;
    this.bytes = bytes;
    this.state = state;
  }

  /** What it holds, for plans and messages. */
  public String label() {
    return label;
  }

  /** The size in bytes. */
  public long bytes() {
    return bytes;
  }

  /** The state whose memory this is, or null if it lies in the arena. */
  public @Nullable State state() {
    return state;
  }

  /**
   * The offset in the arena in bytes.
   *
   * @throws IllegalStateException before planning, or for a buffer of a state
   */
  public long offset() {
    if (offset < 0) {
      throw new IllegalStateException("buffer " + label + " has no place in the arena");
    }
    return offset;
  }

  @Override
  public String toString() {
    return label + " (" + bytes + " B)";
  }
}
