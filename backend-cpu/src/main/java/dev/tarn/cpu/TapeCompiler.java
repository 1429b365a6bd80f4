package dev.tarn.cpu;

import dev.tarn.Spec;
import dev.tarn.cpu.TapeForms.Form;
import dev.tarn.cpu.TileFunctions.ToBits;
import dev.tarn.cpu.TileFunctions.Unary;
import dev.tarn.cpu.TileFunctions.UnaryWithScratch;
import dev.tarn.internal.Rounding;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Elementwise.Kind;
import dev.tarn.ir.Fused;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;

/**
 * Compiles a tape of elementwise instructions to loops over tiles.
 *
 * <p>Registers that hold one value for all elements are computed once a run. The others live in
 * tiles in one of two forms, or both: as floats for arithmetic, as their bits for comparisons and
 * choices. Each instruction has the form its result comes in; loads come in any. Arithmetic on
 * floats is collected into loops of many instructions, {@link TapeLoop}; all else is a loop of its
 * own.
 */
final class TapeCompiler {
  /** Instructions that go into one loop; C2 gives up on loops that are much longer. */
  private static final int LONGEST_LOOP = 24;

  private final Fused op;
  private final List<Operand> inputs;
  private final TapeForms forms;
  private final boolean[] uniform;
  private final int[][] lastUse;
  private final TapeTiles tiles;
  private final List<Tape.Code> uniformCode = new ArrayList<>();
  private final List<Tape.Code> fills = new ArrayList<>();
  private final List<Tape.Code> body = new ArrayList<>();
  private final Map<Integer, Fused.Apply> pending = new LinkedHashMap<>();

  private TapeCompiler(Fused op, List<Spec> specs, List<Operand> inputs) {
    this.op = op;
    this.inputs = inputs;
    this.forms = new TapeForms(op, specs, inputs);
    this.uniform = forms.uniform;
    this.lastUse = forms.lastUse;
    this.tiles = new TapeTiles(forms, op.tape().size());
  }

  /**
   * Compiles a tape.
   *
   * @param specs the specs of the node's inputs
   * @param inputs one per input of the node
   */
  static Tape compile(Fused op, List<Spec> specs, List<Operand> inputs) {
    return new TapeCompiler(op, specs, inputs).run();
  }

  private Tape run() {
    int length = op.tape().size();
    for (int i = 0; i < length; i++) {
      emit(i, op.tape().get(i));
    }
    flush();
    List<Tape.Store> stores = op.results().stream().map(this::store).toList();
    return new Tape(
        inputs,
        uniformCode,
        fills,
        body,
        stores,
        tiles.floats(),
        tiles.ints(),
        length,
        tiles.length());
  }

  private void emit(int i, Fused.Instruction instruction) {
    if (uniform[i] && forms.whole[i]) {
      return; // read where it is compared
    } else if (uniform[i]) {
      uniformCode.add(uniformCode(i, instruction));
    } else if (instruction instanceof Fused.Load load) {
      emitLoad(i, inputs.get(load.input()));
    } else if (instruction instanceof Fused.Apply apply && TapeLoop.KINDS.contains(apply.kind())) {
      join(i, apply);
    } else {
      flush();
      emitAlone(i, instruction);
    }
  }

  private void emitAlone(int i, Fused.Instruction instruction) {
    if (instruction instanceof Fused.Mask mask) {
      Operand seed = inputs.get(mask.seed());
      Operand step = inputs.get(mask.step());
      DropoutTile tile = new DropoutTile(mask.op(), seed, step);
      int to = tiles.allocate(i, Form.BITS);
      body.add((w, position, n) -> tile.fill(position, w.ints[to], w, n));
      convert(i, Form.BITS);
    } else if (instruction instanceof Fused.Apply apply) {
      emitApply(i, apply.kind(), apply);
    } else if (instruction instanceof Fused.Round round) {
      int a = tile(round.operand(), Form.BITS);
      tiles.release(i, List.of(round.operand()));
      int out = tiles.allocate(i, Form.BITS);
      body.add((w, position, n) -> TileKernels.roundToBf16(w.ints[a], w.ints[out], n));
      convert(i, Form.BITS);
    }
  }

  private Tape.Code uniformCode(int i, Fused.Instruction instruction) {
    if (instruction instanceof Fused.Load load) {
      Operand operand = inputs.get(load.input());
      return (w, position, n) -> w.scalars[i] = operand.view().getFloat(0);
    } else if (instruction instanceof Fused.Immediate immediate) {
      float value = (float) immediate.value();
      return (w, position, n) -> w.scalars[i] = value;
    }
    if (instruction instanceof Fused.Round round) {
      return (w, position, n) -> w.scalars[i] = Rounding.bf16(w.scalars[round.operand()]);
    }
    Fused.Apply apply = (Fused.Apply) instruction;
    Elementwise function = new Elementwise(apply.kind());
    List<Integer> operands = apply.operands();
    int a = operands.get(0);
    int b = operands.get(Math.min(1, operands.size() - 1));
    int c = operands.get(operands.size() - 1);
    if (forms.whole[a]) {
      IntSupplier first = whole(a);
      IntSupplier second = whole(b);
      return (w, position, n) -> w.scalars[i] = first.getAsInt() == second.getAsInt() ? 1 : 0;
    }
    return (w, position, n) ->
        w.scalars[i] = (float) function.apply(w.scalars[a], w.scalars[b], w.scalars[c]);
  }

  /** An i32 that is the same for all elements. */
  private IntSupplier whole(int register) {
    if (op.tape().get(register) instanceof Fused.Whole number) {
      return number::value;
    }
    Operand operand = inputs.get(((Fused.Load) op.tape().get(register)).input());
    return () -> operand.view().getInt(0);
  }

  private void emitLoad(int i, Operand operand) {
    boolean once = forms.repeats(i);
    List<Tape.Code> code = once ? fills : body;
    if (lastUse[i][Form.FLOATS.ordinal()] >= 0) {
      int to = once ? tiles.keep(i, Form.FLOATS) : tiles.allocate(i, Form.FLOATS);
      code.add((w, position, n) -> operand.load(position, w.floats[to], n));
    }
    if (lastUse[i][Form.BITS.ordinal()] >= 0) {
      int to = once ? tiles.keep(i, Form.BITS) : tiles.allocate(i, Form.BITS);
      code.add((w, position, n) -> operand.load(position, w.ints[to], n, w));
    }
  }

  /** Adds an instruction to the loop that is being collected. */
  private void join(int i, Fused.Apply apply) {
    if (pending.size() == LONGEST_LOOP) {
      flush();
    }
    pending.put(i, apply);
  }

  /** Emits the loop that was collected: only what is read after it goes to tiles. */
  private void flush() {
    if (pending.isEmpty()) {
      return;
    }
    int last = Collections.max(pending.keySet());
    List<Integer> order = List.copyOf(pending.keySet());
    List<List<TapeLoop.Source>> sources = new ArrayList<>();
    Set<Integer> read = new LinkedHashSet<>();
    for (Fused.Apply apply : pending.values()) {
      List<TapeLoop.Source> operands = new ArrayList<>();
      for (int register : apply.operands()) {
        if (uniform[register]) {
          operands.add(new TapeLoop.Source(TapeLoop.Place.SCALAR, register));
        } else if (pending.containsKey(register)) {
          operands.add(new TapeLoop.Source(TapeLoop.Place.INSTRUCTION, order.indexOf(register)));
        } else {
          read.add(register);
          operands.add(new TapeLoop.Source(TapeLoop.Place.TILE, tile(register, Form.FLOATS)));
        }
      }
      sources.add(operands);
    }
    read.forEach(register -> tiles.releaseFloats(register, last));
    List<Integer> stored = new ArrayList<>();
    List<TapeLoop.Instruction> instructions = new ArrayList<>();
    for (int k = 0; k < order.size(); k++) {
      int i = order.get(k);
      boolean kept = lastUse[i][Form.FLOATS.ordinal()] > last;
      boolean asBits = lastUse[i][Form.BITS.ordinal()] >= 0;
      int target = kept || asBits ? tiles.allocate(i, Form.FLOATS) : -1;
      if (target >= 0) {
        stored.add(i);
      }
      Kind kind = ((Fused.Apply) op.tape().get(i)).kind();
      instructions.add(new TapeLoop.Instruction(kind, sources.get(k), target));
    }
    TapeLoop.Loop loop = TapeLoop.compile(instructions);
    body.add((w, position, n) -> loop.run(w.floats, w.scalars, n));
    pending.clear();
    for (int i : stored) {
      convert(i, Form.FLOATS);
      tiles.releaseFloats(i, last);
    }
  }

  private void emitApply(int i, Kind kind, Fused.Apply apply) {
    List<Integer> o = apply.operands();
    switch (kind) {
      case EXP -> unaryWithScratch(i, o, TileMath::exp);
      case SIGMOID -> unaryWithScratch(i, o, TileMath::sigmoid);
      case LOG -> toBits(i, o, TileMath::log);
      case TANH -> toBits(i, o, TileMath::tanh);
      case SIGN -> toBits(i, o, TileSpecial::sign);
      case ERF -> toBits(i, o, TileSpecial::erf);
      case EXPM1 -> toBits(i, o, TileSpecial::expm1);
      case LOG1P -> toBits(i, o, TileSpecial::log1p);
      case POW -> pow(i, o);
      case FLOOR -> unary(i, o, TileKernels::floor);
      case CEIL -> unary(i, o, TileKernels::ceil);
      case ROUND -> unary(i, o, TileKernels::round);
      case GREATER -> greater(i, o);
      case EQUAL -> {
        int a = tile(o.get(0), Form.BITS);
        int b = tile(o.get(1), Form.BITS);
        tiles.release(i, o);
        int out = tiles.allocate(i, Form.BITS);
        boolean whole = forms.whole[o.get(0)];
        body.add(
            whole
                ? (w, position, n) -> TileKernels.equalInts(w.ints[a], w.ints[b], w.ints[out], n)
                : (w, position, n) -> TileKernels.equal(w.ints[a], w.ints[b], w.ints[out], n));
      }
      case SELECT -> select(i, o);
      default -> throw new IllegalStateException(kind + " is computed in loops");
    }
    convert(i, forms.natural(i));
  }

  private void unary(int i, List<Integer> o, Unary kernel) {
    unaryWithScratch(i, o, (a, out, w, n) -> kernel.run(a, out, n));
  }

  private void unaryWithScratch(int i, List<Integer> o, UnaryWithScratch kernel) {
    int a = tile(o.get(0), Form.FLOATS);
    tiles.release(i, o);
    int out = tiles.allocate(i, Form.FLOATS);
    body.add((w, position, n) -> kernel.run(w.floats[a], w.floats[out], w, n));
  }

  private void toBits(int i, List<Integer> o, ToBits kernel) {
    int a = tile(o.get(0), Form.FLOATS);
    tiles.release(i, o);
    int out = tiles.allocate(i, Form.BITS);
    body.add((w, position, n) -> kernel.run(w.floats[a], w.ints[out], w, n));
  }

  private void pow(int i, List<Integer> o) {
    int a = tile(o.get(0), Form.FLOATS);
    int b = tile(o.get(1), Form.FLOATS);
    tiles.release(i, o);
    int out = tiles.allocate(i, Form.BITS);
    body.add((w, position, n) -> TilePower.pow(w.floats[a], w.floats[b], w.ints[out], w, n));
  }

  /** {@code a > b} is {@code a - b > 0}: denormals are kept, and infinities give what they must. */
  private void greater(int i, List<Integer> o) {
    int ra = o.get(0);
    int rb = o.get(1);
    if (forms.isZero(rb, 0x7fffffff)) {
      int a = tile(ra, Form.BITS);
      tiles.release(i, o);
      int out = tiles.allocate(i, Form.BITS);
      body.add((w, position, n) -> TileKernels.positive(w.ints[a], w.ints[out], n));
      return;
    }
    int a = tile(ra, Form.FLOATS);
    int b = tile(rb, Form.FLOATS);
    tiles.release(i, o);
    int out = tiles.allocate(i, Form.BITS);
    body.add(
        (w, position, n) -> {
          TileKernels.sub(w.floats[a], w.floats[b], w.f0, n);
          w.toInts(w.f0, w.ints[out], n);
          TileKernels.positive(w.ints[out], w.ints[out], n);
        });
  }

  private void select(int i, List<Integer> o) {
    int condition = o.get(0);
    if (forms.isGate(i)) {
      int b = tile(o.get(1), Form.FLOATS);
      tiles.release(i, o.subList(0, 2));
      int out = tiles.allocate(i, Form.FLOATS);
      Operand old = inputs.get(((Fused.Load) op.tape().get(o.get(2))).input());
      body.add(
          (w, position, n) -> {
            if (w.scalars[condition] == 0) {
              old.load(position, w.floats[out], n);
            } else if (b != out) {
              System.arraycopy(w.floats[b], 0, w.floats[out], 0, n);
            }
          });
      return;
    }
    if (uniform[condition]) {
      int b = tile(o.get(1), Form.FLOATS);
      int c = tile(o.get(2), Form.FLOATS);
      tiles.release(i, o);
      int out = tiles.allocate(i, Form.FLOATS);
      body.add(
          (w, position, n) -> {
            int chosen = w.scalars[condition] != 0 ? b : c;
            if (chosen != out) {
              System.arraycopy(w.floats[chosen], 0, w.floats[out], 0, n);
            }
          });
      return;
    }
    int a = tile(condition, Form.BITS);
    int b = tile(o.get(1), Form.BITS);
    if (forms.isZero(o.get(2), -1)) {
      tiles.release(i, o);
      int out = tiles.allocate(i, Form.BITS);
      body.add((w, position, n) -> TileKernels.selectOrZero(w.ints[a], w.ints[b], w.ints[out], n));
      return;
    }
    int c = tile(o.get(2), Form.BITS);
    tiles.release(i, o);
    int out = tiles.allocate(i, Form.BITS);
    body.add(
        (w, position, n) -> TileKernels.select(w.ints[a], w.ints[b], w.ints[c], w.ints[out], n));
  }

  private Tape.Store store(int register) {
    if (uniform[register]) {
      return (w, to, position, n) -> {
        TileKernels.fill(w.scalars[register], w.f0, n);
        to.put(position, w.f0, 0, n);
      };
    }
    Form form = forms.natural(register);
    int slot = tiles.of(register, form);
    return form == Form.FLOATS
        ? (w, to, position, n) -> to.put(position, w.floats[slot], 0, n)
        : (w, to, position, n) -> to.put(position, w.ints[slot], 0, n);
  }

  /** The tile that holds a register; a uniform one is spread over a tile of its own. */
  private int tile(int register, Form form) {
    int slot = tiles.of(register, form);
    if (slot >= 0) {
      return slot;
    }
    int fresh = tiles.keep(register, form);
    if (forms.whole[register]) {
      IntSupplier number = whole(register);
      fills.add((w, position, n) -> TileKernels.fill(number.getAsInt(), w.ints[fresh], n));
    } else if (form == Form.FLOATS) {
      fills.add((w, position, n) -> TileKernels.fill(w.scalars[register], w.floats[fresh], n));
    } else {
      fills.add(
          (w, position, n) ->
              TileKernels.fill(Float.floatToRawIntBits(w.scalars[register]), w.ints[fresh], n));
    }
    return fresh;
  }

  /** Adds the other form of a result if some instruction reads it. */
  private void convert(int i, Form natural) {
    Form other = natural == Form.FLOATS ? Form.BITS : Form.FLOATS;
    int from = tiles.of(i, natural);
    if (lastUse[i][other.ordinal()] >= 0) {
      int to = tiles.allocate(i, other);
      if (other == Form.BITS) {
        body.add((w, position, n) -> w.toInts(w.floats[from], w.ints[to], n));
      } else {
        body.add((w, position, n) -> w.toFloats(w.ints[from], w.floats[to], n));
      }
    }
    if (lastUse[i][natural.ordinal()] < 0) {
      tiles.free(i, natural);
    }
  }
}
