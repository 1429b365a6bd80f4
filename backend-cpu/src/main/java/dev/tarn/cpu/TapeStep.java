package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.List;

/** Runs a compiled tape over all elements, tile by tile. */
final class TapeStep extends Step {
  private static final long LEAST_WORK = 1 << 14;

  private final Tape tape;
  private final Tape.Code[] uniform;
  private final Tape.Code[] fills;
  private final Tape.Code[] body;
  private final Tape.Store[] stores;
  private final List<Buffer> results;
  private final View[] views;
  private final long elements;
  private final int tile;
  private final int parts;

  /**
   * A step.
   *
   * @param elements the number of elements of the tape's shape
   * @param results where the results go
   */
  TapeStep(Tape tape, long elements, List<Buffer> results, Team team) {
    this.tape = tape;
    this.uniform = tape.uniform().toArray(new Tape.Code[0]);
    this.fills = tape.fills().toArray(new Tape.Code[0]);
    this.body = tape.body().toArray(new Tape.Code[0]);
    this.stores = tape.stores().toArray(new Tape.Store[0]);
    this.results = results;
    this.views = new View[results.size()];
    this.elements = elements;
    this.tile = tape.tile();
    long tiles = (elements + tile - 1) / tile;
    int most = (int) Math.min(team.size(), Math.max(1, tiles));
    this.parts = parts(most, elements * (tape.scalars() + stores.length), LEAST_WORK);
    team.reserve(tape.floatTiles(), tape.intTiles(), tape.scalars());
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    tape.operands().forEach(operand -> operand.bind(addresses));
    for (int i = 0; i < views.length; i++) {
      views[i] = addresses.view(results.get(i));
    }
  }

  @Override
  void run(int part, Workspace w) {
    long tiles = (elements + tile - 1) / tile;
    long end = Math.min(elements, begin(tiles, part + 1, parts) * tile);
    int widest = (int) Math.min(elements, tile);
    for (Tape.Code code : uniform) {
      code.run(w, 0, 1);
    }
    for (Tape.Code code : fills) {
      code.run(w, 0, widest);
    }
    for (long at = begin(tiles, part, parts) * tile; at < end; at += tile) {
      int n = (int) Math.min(tile, end - at);
      for (Tape.Code code : body) {
        code.run(w, at, n);
      }
      for (int i = 0; i < stores.length; i++) {
        stores[i].run(w, views[i], at, n);
      }
    }
  }
}
