package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.TarnException;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Schedule;
import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.CudaOutOfMemoryException;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.transform.Bf16AsF32;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.MixedPrecision;
import dev.tarn.transform.Simplify;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Programs lowered, planned and bound: an arena and the commands that work on it, in order. */
final class DevicePlan implements AutoCloseable {
  /**
   * The commands of a node, with the tape that it computes too, or of the updates at a program's
   * end.
   *
   * @param nodes the node, or none
   * @param from the first command
   * @param to the command after the last
   */
  record Part(Program program, List<Node> nodes, int from, int to) {}

  private static final long MAX_HEADROOM = 256L << 20;

  private final List<Part> parts = new ArrayList<>();
  private final Schedule<Step> schedule;
  private final List<Command> commands = new ArrayList<>();
  private final Binding binding;

  /**
   * Lowers programs and allocates what they need.
   *
   * @param byNode whether every node keeps to itself, nothing is joined and no memory reused
   */
  DevicePlan(
      CudaBackend backend,
      List<Program> programs,
      CudaStateStore store,
      Precision precision,
      boolean byNode) {
    this.schedule = new Schedule<>(byNode);
    try {
      lower(schedule, parts, backend, programs, store, precision, byNode);
      Debug.print(1, names(programs) + ": ", schedule);
      // Before anything is compiled or taken: whoever else uses the device keeps it.
      DeviceMemory.requireFree(backend.context(), needed(schedule));
      schedule.entries().forEach(entry -> entry.step().binder().request(backend.tuner()));
      backend.kernels().compileRequested();
      DeviceMemory arena = DeviceMemory.allocate(backend.context(), Math.max(1, schedule.bytes()));
      this.binding = new Binding(backend, store, arena, schedule.inputBytes());
    } catch (CudaOutOfMemoryException e) {
      throw outOfMemory(programs, store, e);
    } catch (CudaException e) {
      throw Failures.of("cannot compile " + names(programs), e);
    }
    try {
      for (Schedule.Initial initial : schedule.initials()) {
        backend.transfers().toDevice(binding.address(initial.buffer()), initial.data());
      }
      schedule.entries().forEach(entry -> commands.add(entry.step().binder().bind(binding)));
    } catch (CudaOutOfMemoryException e) {
      binding.close();
      throw outOfMemory(programs, store, e);
    } catch (CudaException e) {
      binding.close();
      throw Failures.of("cannot compile " + names(programs), e);
    } catch (TarnException e) {
      binding.close();
      throw e;
    }
  }

  /** The bytes that programs need: lowers and plans, and takes nothing. */
  static long forecast(
      CudaBackend backend, List<Program> programs, CudaStateStore store, Precision precision) {
    Schedule<Step> schedule = new Schedule<>(false);
    lower(schedule, new ArrayList<>(), backend, programs, store, precision, false);
    return needed(schedule);
  }

  /** The arena, and room for what the driver takes beside it: kernels' code, tables, graphs. */
  private static long needed(Schedule<Step> schedule) {
    return schedule.bytes() + Math.min(schedule.bytes() / 64, MAX_HEADROOM);
  }

  private static void lower(
      Schedule<Step> schedule,
      List<Part> parts,
      CudaBackend backend,
      List<Program> programs,
      CudaStateStore store,
      Precision precision,
      boolean byNode) {
    boolean join = !byNode && !Debug.isOff("tarn.fuse");
    boolean tensorCores = backend.kernels().hasTensorCores();
    for (Program program : programs) {
      Program lowered = passes(program, precision, join, tensorCores);
      lower(schedule, parts, lowered, backend, store, byNode);
    }
    schedule.plan();
  }

  private static Program passes(
      Program program, Precision precision, boolean join, boolean tensorCores) {
    Debug.show("as traced", program);
    Program simple = Debug.show("simplified", Simplify.apply(program));
    Program mixed = Debug.show("in " + precision, MixedPrecision.apply(simple, precision));
    Program fused = FuseElementwise.apply(mixed, join, node -> false);
    Program typed = tensorCores ? fused : Bf16AsF32.apply(fused);
    if (!join) {
      return Debug.show("fused", typed);
    }
    // In this order: a tape stays right after what computes it, its sum right after the tape, and
    // only tapes that have neither move.
    Program summed = TapeSums.together(Epilogues.together(typed));
    return Debug.show("fused", TapeBatches.together(summed));
  }

  private static void lower(
      Schedule<Step> schedule,
      List<Part> parts,
      Program program,
      CudaBackend backend,
      CudaStateStore store,
      boolean byNode) {
    schedule.begin(program);
    int from = schedule.entries().size();
    CudaLowering.lower(schedule, backend.kernels(), store, program, byNode);
    List<Schedule.Entry<Step>> entries = schedule.entries();
    int at = from;
    for (Node node : program.body()) {
      int start = at;
      while (at < entries.size() && entries.get(at).node() == node) {
        at++;
      }
      parts.add(new Part(program, List.of(node), start, at));
    }
    parts.add(new Part(program, List.of(), at, entries.size()));
  }

  private TarnException outOfMemory(
      List<Program> programs, CudaStateStore store, CudaOutOfMemoryException cause) {
    return Failures.of(
        String.format(
            "%s does not fit the GPU: its values need %s beside %s of states",
            names(programs), Bytes.text(schedule.bytes()), Bytes.text(store.bytes())),
        cause);
  }

  private static String names(List<Program> programs) {
    return "program " + programs.stream().map(Program::name).collect(Collectors.joining(" and "));
  }

  /** The steps and buffers, planned. */
  Schedule<Step> schedule() {
    return schedule;
  }

  /** One command per entry of the schedule. */
  List<Command> commands() {
    return commands;
  }

  /** The nodes with their commands, and after each program's nodes its updates. */
  List<Part> parts() {
    return parts;
  }

  /** The addresses. */
  Binding binding() {
    return binding;
  }

  @Override
  public void close() {
    binding.close();
  }
}
