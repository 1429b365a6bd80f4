package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.cuda.driver.Copy;
import dev.tarn.cuda.driver.CudaContext;
import dev.tarn.cuda.driver.Event;
import dev.tarn.cuda.driver.PinnedMemory;
import dev.tarn.cuda.driver.Stream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Two pinned copies of the region of inputs, so that the next inputs can be written while the
 * device still works with the last.
 */
final class Staging implements AutoCloseable {
  /** A run of elements of an input and where it is staged: whole inputs, but for huge ones. */
  private record Piece(
      int input, int start, int length, @Nullable FloatBuffer floats, @Nullable IntBuffer ints) {}

  private record Half(PinnedMemory memory, List<Piece> pieces, List<Copy> uploads, Event done) {}

  private final List<Half> halves = new ArrayList<>();
  private final boolean[] used = new boolean[2];
  private int next;

  /**
   * Allocates the copies.
   *
   * @param arena the address of the region on the device
   */
  Staging(CudaContext context, Schedule<?> schedule, long arena) {
    long bytes = schedule.inputBytes();
    for (int i = 0; i < 2 && bytes > 0; i++) {
      PinnedMemory memory = PinnedMemory.allocate(context, bytes);
      List<Copy> uploads = new ArrayList<>();
      for (long at = 0; at < bytes; at += PinnedMemory.SEGMENT_BYTES) {
        long length = Math.min(PinnedMemory.SEGMENT_BYTES, bytes - at);
        uploads.add(Copy.toDevice(arena + at, memory.address(at), length));
      }
      halves.add(new Half(memory, pieces(schedule, memory), uploads, Event.create(context)));
    }
  }

  private static List<Piece> pieces(Schedule<?> schedule, PinnedMemory memory) {
    List<Piece> pieces = new ArrayList<>();
    for (int input = 0; input < schedule.inputs().size(); input++) {
      Buffer buffer = schedule.inputBuffers().get(input);
      boolean floating = schedule.inputs().get(input).value().spec().dtype().isFloat();
      for (long at = 0; at < buffer.bytes(); ) {
        long offset = buffer.offset() + at;
        long left = PinnedMemory.SEGMENT_BYTES - offset % PinnedMemory.SEGMENT_BYTES;
        int length = (int) Math.min(left, buffer.bytes() - at);
        ByteBuffer bytes = memory.buffer(offset, length);
        pieces.add(
            new Piece(
                input,
                (int) (at / Float.BYTES),
                length / Float.BYTES,
                floating ? bytes.asFloatBuffer() : null,
                floating ? null : bytes.asIntBuffer()));
        at += length;
      }
    }
    return pieces;
  }

  /** The number of copies: two, or one that is never written if there are no inputs. */
  int count() {
    return Math.max(1, halves.size());
  }

  /** Bytes of pinned host memory. */
  long bytes() {
    return halves.stream().mapToLong(half -> half.memory().bytes()).sum();
  }

  /** Writes inputs to the next copy, waiting until the device has done with it, and names it. */
  int write(HostTensor[] inputs) {
    if (halves.isEmpty()) {
      return 0;
    }
    int current = next;
    next = 1 - next;
    Half half = halves.get(current);
    if (used[current]) {
      half.done().synchronize();
    }
    List<Piece> pieces = half.pieces();
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      HostTensor input = inputs[piece.input()];
      if (piece.floats() != null) {
        piece.floats().put(0, input.floats(), piece.start(), piece.length());
      } else if (piece.ints() != null) {
        piece.ints().put(0, input.ints(), piece.start(), piece.length());
      }
    }
    return current;
  }

  /** Enqueues the upload of a copy. */
  void upload(int current, Stream stream) {
    if (!halves.isEmpty()) {
      List<Copy> uploads = halves.get(current).uploads();
      for (int i = 0; i < uploads.size(); i++) {
        uploads.get(i).enqueue(stream);
      }
    }
  }

  /** Marks that everything enqueued so far may read a copy. */
  void mark(int current, Stream stream) {
    if (!halves.isEmpty()) {
      halves.get(current).done().enqueue(stream);
      used[current] = true;
    }
  }

  /** Frees the copies once the device has done with them: freeing need not wait for that. */
  @Override
  public void close() {
    for (int i = 0; i < halves.size(); i++) {
      Half half = halves.get(i);
      if (used[i]) {
        half.done().awaitToClose();
      }
      half.done().close();
      half.memory().close();
    }
  }
}
