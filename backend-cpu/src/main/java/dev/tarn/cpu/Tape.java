package dev.tarn.cpu;

import java.util.List;

/**
 * A compiled tape: what to do with each tile.
 *
 * @param operands the tensors that are read, to be bound before the first run
 * @param uniform code that computes the values that are the same for all elements; runs first
 * @param fills code that spreads such values over tiles; runs second
 * @param body code to run for each tile
 * @param stores for each result, code that copies its tile to memory
 * @param floatTiles the number of float tiles that the code uses
 * @param intTiles the number of integer tiles
 * @param scalars the number of uniform values
 * @param tile the number of elements that the code is to be run for at a time
 */
record Tape(
    List<Operand> operands,
    List<Code> uniform,
    List<Code> fills,
    List<Code> body,
    List<Store> stores,
    int floatTiles,
    int intTiles,
    int scalars,
    int tile) {

  /** One instruction over one tile: {@code n} elements from {@code position} on. */
  interface Code {
    void run(Workspace w, long position, int n);
  }

  /** Copies one result's tile to memory. */
  interface Store {
    void run(Workspace w, View to, long position, int n);
  }
}
