package dev.tarn.backend;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Value;
import dev.tarn.transform.MemoryPlanner;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The steps that a backend lowers programs to, the buffers they use, and the plan of memory.
 *
 * <p>A backend walks the programs' nodes in order and for each adds steps that read and write
 * {@link Buffer}s: {@link #buffer} gives a value's, {@link #scratch} a new one. Reshapes share
 * their operand's buffer and need no step. A value that becomes a state's next value is computed
 * straight into the state's memory where nothing reads the old value later; the other updates are
 * the {@link #copies} at the end of each program, as are outputs that are what a state held at the
 * start. {@link #plan} then gives every arena buffer an offset.
 *
 * @param <S> the backend's type of step
 */
public final class Schedule<S> {
  /** A step with what it touches. {@code node} is null for what belongs to no node. */
  public record Entry<S>(S step, @Nullable Node node, List<Buffer> reads, List<Buffer> writes) {}

  /** Data to be written to a buffer once, before the first run; of the value's own spec. */
  public record Initial(Buffer buffer, HostTensor data) {}

  /** A step by its number, and buffers of which it may write the second over the first. */
  private record Overwriting(int step, Buffer read, Buffer written) {}

  /** A copy that makes a state hold its next value, or that keeps its old one. */
  public record Copy(Buffer from, Buffer to) {}

  private final boolean keepAll;
  private final Map<Value, Buffer> buffers = new HashMap<>();
  private final Map<State, Buffer> states = new LinkedHashMap<>();
  private final Map<String, Buffer> inputs = new LinkedHashMap<>();
  private final List<Program.Input> inputList = new ArrayList<>();
  private final List<Buffer> outputs = new ArrayList<>();
  private final Map<Program.Output, Buffer> oldValues = new HashMap<>();
  private final List<Buffer> temporaries = new ArrayList<>();
  private final List<Initial> initials = new ArrayList<>();
  private final List<Entry<S>> entries = new ArrayList<>();
  private final List<Overwriting> overwritings = new ArrayList<>();
  private long bytes;
  private long inputBytes;

  /**
   * An empty schedule.
   *
   * @param keepAll whether every value keeps its own memory and no state is updated in place: for
   *     looking at values one by one
   */
  public Schedule(boolean keepAll) {
    this.keepAll = keepAll;
  }

  /** Decides where the values of a program live; call it before lowering the program's nodes. */
  public void begin(Program program) {
    for (Program.Input input : program.inputs()) {
      Buffer buffer = inputs.get(input.name());
      if (buffer == null) {
        buffer = new Buffer("input " + input.name(), input.value().spec().bytes(), null);
        inputs.put(input.name(), buffer);
        inputList.add(input);
      } else if (buffer.bytes() != input.value().spec().bytes()) {
        throw new IllegalArgumentException("input " + input.name() + " differs between programs");
      }
      buffers.put(input.value(), buffer);
    }
    program.states().forEach((state, value) -> buffers.put(value, state(state)));
    Map<Value, State> inPlace = keepAll ? Map.of() : InPlace.updates(program);
    Set<Value> results = new HashSet<>();
    program.outputs().forEach(output -> results.add(output.value()));
    for (Node node : program.body()) {
      if (node.op() instanceof Reshape) {
        buffers.put(node.output(), buffer(node.inputs().get(0)));
        continue;
      }
      for (Value value : node.outputs()) {
        State state = inPlace.get(value);
        Buffer buffer =
            state != null
                ? state(state)
                : temporary(value + " " + node.op().name(), value.spec().bytes());
        buffers.put(value, buffer);
        if (node.op() instanceof Constant constant) {
          initials.add(new Initial(buffer, rounded(constant.data(), value)));
        }
      }
    }
    for (Program.Output output : program.outputs()) {
      Buffer buffer = buffer(output.value());
      if (buffer.state() != null) {
        long size = buffer.bytes();
        buffer = oldValues.computeIfAbsent(output, o -> temporary("output " + o.name(), size));
      }
      outputs.add(buffer);
    }
  }

  /** The buffer of a value, in the plain layout. */
  public Buffer buffer(Value value) {
    Buffer buffer = buffers.get(value);
    if (buffer == null) {
      throw new IllegalStateException("no buffer for " + value);
    }
    return buffer;
  }

  /** The buffers of values, in the plain layout. */
  public List<Buffer> buffers(List<Value> values) {
    return values.stream().map(this::buffer).toList();
  }

  /** A buffer that lives only during the steps that name it. */
  public Buffer scratch(String label, long size) {
    return temporary(label, size);
  }

  /** A buffer that holds data before the first run, and that nothing else shares. */
  public Buffer initial(String label, HostTensor data) {
    Buffer buffer = temporary(label, data.spec().bytes());
    initials.add(new Initial(buffer, data));
    return buffer;
  }

  /** Appends a step. */
  public void add(S step, @Nullable Node node, List<Buffer> reads, List<Buffer> writes) {
    int index = entries.size();
    entries.add(new Entry<>(step, node, List.copyOf(reads), List.copyOf(writes)));
    for (List<Buffer> touched : List.of(reads, writes)) {
      for (Buffer buffer : touched) {
        buffer.first = Math.min(buffer.first, index);
        buffer.last = Math.max(buffer.last, index);
      }
    }
  }

  /**
   * Lets a result of the step that was added last take the memory of an operand that nothing reads
   * later: the step reads each element of the operand before it writes the same of the result. So
   * the result need not be brought into the cache before it is written.
   */
  public void mayOverwrite(Buffer read, Buffer written) {
    overwritings.add(new Overwriting(entries.size() - 1, read, written));
  }

  /**
   * The copies that a program's updates, and outputs of old values, still need once its nodes have
   * run, in order. Call it once per program.
   */
  public List<Copy> copies(Program program) {
    List<Copy> saves = new ArrayList<>();
    List<Copy> copies = new ArrayList<>();
    for (Program.Output output : program.outputs()) {
      Buffer kept = oldValues.get(output);
      if (kept != null) {
        saves.add(new Copy(buffer(output.value()), kept));
      }
    }
    program
        .updates()
        .forEach(
            (state, value) -> {
              Buffer from = buffer(value);
              if (from == state(state)) {
                return;
              }
              if (from.state() != null && program.updates().containsKey(from.state())) {
                Buffer saved = temporary("next " + state.name(), from.bytes());
                saves.add(new Copy(from, saved));
                from = saved;
              }
              copies.add(new Copy(from, state(state)));
            });
    saves.addAll(copies);
    return saves;
  }

  /**
   * Gives every arena buffer its offset; inputs lie together at the start of the arena. A buffer
   * that no step names takes no memory.
   */
  public void plan() {
    long end = 0;
    for (Buffer input : inputs.values()) {
      input.offset = end;
      end = MemoryPlanner.align(end + input.bytes());
    }
    inputBytes = end;
    Set<Buffer> kept = new HashSet<>(outputs);
    initials.forEach(initial -> kept.add(initial.buffer()));
    if (!keepAll) {
      Set<Buffer> shareable = new HashSet<>(temporaries);
      shareable.removeAll(kept);
      overwritings.forEach(each -> overwrite(each, shareable));
    }
    List<MemoryPlanner.Request> requests = new ArrayList<>();
    List<Buffer> planned = temporaries.stream().filter(buffer -> buffer.home == buffer).toList();
    for (Buffer buffer : planned) {
      boolean forever = keepAll || kept.contains(buffer);
      int first = forever ? 0 : Math.min(buffer.first, entries.size());
      int last = forever ? entries.size() : Math.max(buffer.last, first);
      long needed = forever || buffer.last >= 0 ? buffer.bytes() : 0;
      requests.add(new MemoryPlanner.Request(needed, first, last));
    }
    MemoryPlanner.Plan plan = MemoryPlanner.plan(requests);
    for (int i = 0; i < planned.size(); i++) {
      planned.get(i).offset = inputBytes + plan.offsets()[i];
    }
    temporaries.forEach(buffer -> buffer.offset = buffer.home.offset);
    bytes = inputBytes + plan.bytes();
  }

  /** Gives a result the memory of an operand, if the one ends where the other begins. */
  private static void overwrite(Overwriting each, Set<Buffer> shareable) {
    Buffer home = each.read.home;
    Buffer written = each.written;
    if (shareable.contains(home)
        && shareable.contains(written)
        && home.bytes() == written.bytes()
        && home.last == each.step
        && written.home == written
        && written.first == each.step
        && written.last > each.step) {
      written.home = home;
      home.last = written.last;
    }
  }

  /** The steps, in order. */
  public List<Entry<S>> entries() {
    return Collections.unmodifiableList(entries);
  }

  /** The inputs of a run, one per name. */
  public List<Program.Input> inputs() {
    return Collections.unmodifiableList(inputList);
  }

  /** The buffers of the inputs, in the order of {@link #inputs()}. */
  public List<Buffer> inputBuffers() {
    return List.copyOf(inputs.values());
  }

  /** The buffers of the outputs of all programs, in order. */
  public List<Buffer> outputBuffers() {
    return Collections.unmodifiableList(outputs);
  }

  /** The states that are read or written. */
  public Set<State> states() {
    return states.keySet();
  }

  /** What must be written before the first run: the programs' constants and {@link #initial}. */
  public List<Initial> initials() {
    return Collections.unmodifiableList(initials);
  }

  /** The size of the arena in bytes. */
  public long bytes() {
    return bytes;
  }

  /** The size of the region of inputs at the start of the arena, in bytes. */
  public long inputBytes() {
    return inputBytes;
  }

  /** The plan as text: one line per buffer with offset, size and lifetime. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder("arena of " + bytes + " bytes\n");
    for (List<Buffer> group : List.of(inputBuffers(), temporaries)) {
      for (Buffer buffer : group) {
        out.append(
            String.format(
                "  %10d +%-10d steps %d..%d  %s%n",
                buffer.offset, buffer.bytes(), buffer.first, buffer.last, buffer.label()));
      }
    }
    return out.toString();
  }

  private static HostTensor rounded(HostTensor data, Value value) {
    if (data.spec().equals(value.spec())) {
      return data;
    }
    HostTensor rounded = HostTensor.zeros(value.spec());
    rounded.copyFrom(data);
    return rounded;
  }

  private Buffer state(State state) {
    return states.computeIfAbsent(state, s -> new Buffer("state " + s.name(), s.spec().bytes(), s));
  }

  private Buffer temporary(String label, long size) {
    Buffer buffer = new Buffer(label, size, null);
    temporaries.add(buffer);
    return buffer;
  }
}
