package dev.tarn.cpu;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.transform.Bf16AsF32;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.MixedPrecision;
import dev.tarn.transform.PoolBeforeRelu;
import dev.tarn.transform.Simplify;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Programs compiled to steps, with the memory they use. */
final class CpuPlan implements AutoCloseable, Step.Addresses {
  private final CpuStateStore store;
  private final List<Program> programs = new ArrayList<>();
  private final Schedule<Step> schedule;
  private final Map<Program, List<Step>> copies = new IdentityHashMap<>();
  private final InputStep inputStep;
  private final Memory arena;

  /**
   * Compiles programs.
   *
   * @param apart whether to keep nodes and their values apart, to look at them one by one
   */
  CpuPlan(
      List<Program> traced,
      CpuStateStore store,
      Dnnl dnnl,
      Team team,
      Precision precision,
      boolean apart) {
    this.store = store;
    this.schedule = new Schedule<>(apart);
    CpuLowering lowering = new CpuLowering(dnnl, team, schedule);
    try {
      for (Program program : traced) {
        Program prepared = apart ? separate(program, precision) : fuse(program, precision);
        programs.add(prepared);
        schedule.begin(prepared);
        lowering.lower(prepared, apart ? 0 : Dnnl.channelsInRegister());
        copies.put(prepared, schedule.copies(prepared).stream().map(lowering::copy).toList());
      }
      schedule.plan();
      if (!apart) {
        Debug.print(1, "cpu: ", schedule);
      }
      this.inputStep = new InputStep(schedule.inputBuffers(), team.size());
      this.arena = new Memory(schedule.bytes(), "values of " + names(traced));
    } catch (RuntimeException e) {
      closeSteps();
      throw e;
    }
    try {
      schedule.initials().forEach(initial -> write(initial.buffer(), initial.data()));
      inputStep.bind(this);
      schedule.entries().forEach(entry -> entry.step().bind(this));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static Program separate(Program program, Precision precision) {
    Program simple = inPrecision(Simplify.apply(program), precision);
    return Bf16AsF32.apply(FuseElementwise.apply(simple, false, node -> false));
  }

  /** There is no tf32 here, which is f32 then; bf16 is for oneDNN to multiply in. */
  private static Program inPrecision(Program program, Precision precision) {
    return precision == Precision.BF16
        ? MixedPrecision.products(program, Arithmetic.BF16_MATH)
        : program;
  }

  private static Program fuse(Program program, Precision precision) {
    Debug.show("cpu: as traced", program);
    Program simple = Debug.show("cpu: simplified", Simplify.apply(program));
    boolean join = !Debug.isOff("tarn.fuse");
    Program mixed = inPrecision(join ? PoolBeforeRelu.apply(simple) : simple, precision);
    BiasEpilogue epilogue = new BiasEpilogue(mixed);
    Program fused = FuseElementwise.apply(mixed, join, epilogue::absorbs);
    return Debug.show("cpu: fused, " + precision, Bf16AsF32.apply(epilogue.apply(fused)));
  }

  private static List<String> names(List<Program> programs) {
    return programs.stream().map(Program::name).toList();
  }

  private void write(Buffer buffer, HostTensor data) {
    View view = view(buffer);
    if (data.spec().dtype().isFloat()) {
      view.put(0, data.floats(), 0, data.size());
    } else {
      view.put(0, data.ints(), 0, data.size());
    }
  }

  @Override
  public long address(Buffer buffer) {
    State state = buffer.state();
    return state != null ? store.address(state) : arena.address() + buffer.offset();
  }

  @Override
  public boolean inOneArena(Buffer a, Buffer b) {
    return a.state() != null && b.state() != null && store.root(a.state()) == store.root(b.state());
  }

  /** The prepared programs, in order. */
  List<Program> programs() {
    return programs;
  }

  /** The schedule: steps, inputs and outputs. */
  Schedule<Step> schedule() {
    return schedule;
  }

  /** The step that copies the inputs; it comes before those of the schedule. */
  InputStep inputStep() {
    return inputStep;
  }

  /** All steps of a run. */
  Step[] steps() {
    List<Step> steps = new ArrayList<>(List.of(inputStep));
    schedule.entries().forEach(entry -> steps.add(entry.step()));
    return steps.toArray(new Step[0]);
  }

  /** The steps of a node; none for a constant or a reshape. */
  Step[] steps(Node node) {
    return schedule.entries().stream()
        .filter(entry -> entry.node() == node)
        .map(Schedule.Entry::step)
        .toArray(Step[]::new);
  }

  /** The copies at the end of a program. */
  Step[] copies(Program program) {
    return copies.getOrDefault(program, List.of()).toArray(new Step[0]);
  }

  /** Bytes of native memory. */
  long bytes() {
    return arena.bytes();
  }

  private void closeSteps() {
    schedule.entries().forEach(entry -> entry.step().close());
  }

  @Override
  public void close() {
    closeSteps();
    arena.close();
  }
}
