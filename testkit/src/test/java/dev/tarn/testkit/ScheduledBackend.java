package dev.tarn.testkit;

import dev.tarn.Arena;
import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Inputs;
import dev.tarn.backend.Schedule;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Constant;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Value;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.MixedPrecision;
import dev.tarn.transform.Simplify;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A backend that lowers through {@link Schedule} into one planned block of memory, as those of real
 * devices do, and computes each node with the reference.
 *
 * <p>It shows faults of passes, schedule, in-place updates and memory plan without a device: a
 * node's outputs are filled with NaN before it reads its inputs, except where it may run in place.
 */
final class ScheduledBackend implements Backend {
  private boolean closed;

  /** Bytes at an offset in some block. */
  private record Place(ByteBuffer block, int offset) {
    /** The data of a value; bf16 is given as f32. */
    HostTensor read(Spec spec) {
      boolean short16 = spec.dtype() == DType.BF16;
      HostTensor out = HostTensor.zeros(short16 ? spec.as(DType.F32) : spec);
      for (int i = 0; i < out.size(); i++) {
        int at = offset + spec.dtype().bytes() * i;
        if (short16) {
          out.floats()[i] = Float.intBitsToFloat(block.getShort(at) << 16);
        } else if (spec.dtype().isFloat()) {
          out.floats()[i] = block.getFloat(at);
        } else {
          out.ints()[i] = block.getInt(at);
        }
      }
      return out;
    }

    void write(HostTensor value) {
      write(value, value.spec().dtype());
    }

    void write(HostTensor value, DType type) {
      for (int i = 0; i < value.size(); i++) {
        int at = offset + type.bytes() * i;
        if (type == DType.BF16) {
          block.putShort(at, (short) (Float.floatToRawIntBits(value.floats()[i]) >>> 16));
        } else if (type.isFloat()) {
          block.putFloat(at, value.floats()[i]);
        } else {
          block.putInt(at, value.ints()[i]);
        }
      }
    }
  }

  private interface Step {
    void run();
  }

  private static final class Store implements StateStore {
    private final List<State> states;
    private final Map<State, Place> places = new IdentityHashMap<>();

    Store(List<? extends State> states) {
      this.states = List.copyOf(states);
      for (State state : states) {
        ByteBuffer block = block(state.spec().bytes());
        places.put(state, new Place(block, 0));
        if (state instanceof Arena arena) {
          for (State member : arena.members()) {
            places.put(member, new Place(block, 4 * arena.offset(member)));
          }
        }
      }
    }

    @Override
    public List<State> states() {
      return states;
    }

    @Override
    public HostTensor read(State state) {
      return places.get(state).read(state.spec());
    }

    @Override
    public void write(State state, HostTensor value) {
      if (!value.spec().equals(state.spec())) {
        throw new ShapeException("state " + state + " cannot hold " + value.spec());
      }
      places.get(state).write(value);
    }

    @Override
    public long bytes() {
      return states.stream().mapToLong(state -> state.spec().bytes()).sum();
    }

    @Override
    public void close() {}
  }

  private static final class Compiled {
    private final Schedule<Step> schedule;
    private final List<Program> programs = new ArrayList<>();
    private final Store store;
    private ByteBuffer arena = block(0);

    Compiled(
        List<Program> traced, Store store, Precision precision, boolean join, boolean keepAll) {
      this.store = store;
      this.schedule = new Schedule<>(keepAll);
      for (Program program : traced) {
        Program mixed = MixedPrecision.apply(Simplify.apply(program), precision);
        Program lowered = FuseElementwise.apply(mixed, join, node -> false);
        programs.add(lowered);
        schedule.begin(lowered);
        for (Node node : lowered.body()) {
          if (!(node.op() instanceof Reshape || node.op() instanceof Constant)) {
            List<Buffer> reads = schedule.buffers(node.inputs());
            List<Buffer> writes = schedule.buffers(node.outputs());
            schedule.add(() -> compute(node, reads, writes), node, reads, writes);
            if (node.op() instanceof Fused) {
              overwritable(node)
                  .forEach(i -> writes.forEach(w -> schedule.mayOverwrite(reads.get(i), w)));
            }
          }
        }
        for (Schedule.Copy copy : schedule.copies(lowered)) {
          List<Buffer> from = List.of(copy.from());
          schedule.add(() -> copy(copy), null, from, List.of(copy.to()));
        }
      }
      schedule.plan();
      arena = block(schedule.bytes());
      for (Schedule.Initial initial : schedule.initials()) {
        HostTensor value = HostTensor.zeros(new Constant(initial.data()).infer(List.of()).get(0));
        value.copyFrom(initial.data());
        place(initial.buffer()).write(value);
      }
    }

    /** The operands of a tape that have the shape of its results. */
    private static IntStream overwritable(Node node) {
      Shape shape = node.outputs().get(0).spec().shape();
      return IntStream.range(0, node.inputs().size())
          .filter(i -> node.inputs().get(i).spec().shape().equals(shape));
    }

    /** Whether a result has the memory of an operand of which it needs just the same element. */
    private boolean inPlace(Node node, List<Buffer> reads, Place to) {
      IntStream operands =
          node.op() instanceof Fused
              ? overwritable(node)
              : IntStream.range(0, node.op() instanceof FirstNonFinite ? 1 : 0);
      return operands
          .mapToObj(i -> place(reads.get(i)))
          .anyMatch(from -> from.block == to.block && from.offset == to.offset);
    }

    private void compute(Node node, List<Buffer> reads, List<Buffer> writes) {
      for (Buffer write : writes) {
        Place to = place(write);
        if (!inPlace(node, reads, to)) {
          Arrays.fill(to.block.array(), to.offset, to.offset + (int) write.bytes(), (byte) 0xff);
        }
      }
      List<HostTensor> inputs = new ArrayList<>();
      for (int i = 0; i < reads.size(); i++) {
        inputs.add(place(reads.get(i)).read(node.inputs().get(i).spec()));
      }
      List<HostTensor> outputs = ReferenceBackend.evaluate(node, inputs);
      for (int i = 0; i < outputs.size(); i++) {
        place(writes.get(i)).write(outputs.get(i), node.outputs().get(i).spec().dtype());
      }
    }

    private void copy(Schedule.Copy copy) {
      Place from = place(copy.from());
      Place to = place(copy.to());
      System.arraycopy(
          from.block.array(), from.offset, to.block.array(), to.offset, (int) copy.to().bytes());
    }

    private Place place(Buffer buffer) {
      return buffer.state() != null
          ? store.places.get(buffer.state())
          : new Place(arena, (int) buffer.offset());
    }

    List<HostTensor> values(List<Value> values) {
      return values.stream().map(v -> place(schedule.buffer(v)).read(v.spec())).toList();
    }

    void load(HostTensor... inputs) {
      for (int i = 0; i < inputs.length; i++) {
        place(schedule.inputBuffers().get(i)).write(inputs[i]);
      }
    }

    List<HostTensor> outputs() {
      List<HostTensor> outputs = new ArrayList<>();
      for (Program program : programs) {
        for (Program.Output output : program.outputs()) {
          Buffer buffer = schedule.outputBuffers().get(outputs.size());
          outputs.add(place(buffer).read(output.value().spec()));
        }
      }
      return outputs;
    }
  }

  private final class Runner implements Executable {
    private final List<Program> programs;
    private final Store store;
    private final List<Program.Input> inputs;
    private final Precision precision;
    private final Compiled compiled;

    Runner(List<Program> programs, Store store, Precision precision) {
      this.programs = programs;
      this.precision = precision;
      this.store = store;
      this.inputs = Inputs.of(programs);
      boolean join = !"false".equals(System.getProperty("tarn.fuse"));
      this.compiled = new Compiled(programs, store, precision, join, false);
    }

    @Override
    public List<Program.Input> inputs() {
      return inputs;
    }

    @Override
    public void run(HostTensor... given) {
      checkOpen();
      Inputs.check(inputs, false, given);
      compiled.load(given);
      compiled.schedule.entries().forEach(entry -> entry.step().run());
    }

    @Override
    public List<HostTensor> read() {
      return compiled.outputs();
    }

    @Override
    public long bytes() {
      return compiled.schedule.bytes();
    }

    @Override
    public void visit(NodeVisitor visitor, HostTensor... given) {
      checkOpen();
      Inputs.check(inputs, false, given);
      Map<State, HostTensor> before = store.snapshot();
      Compiled apart = new Compiled(programs, store, precision, false, true);
      apart.load(given);
      for (Schedule.Entry<Step> entry : apart.schedule.entries()) {
        Node node = entry.node();
        if (node == null) {
          entry.step().run();
          continue;
        }
        List<HostTensor> read = apart.values(node.inputs());
        entry.step().run();
        Program of =
            apart.programs.stream().filter(p -> p.body().contains(node)).findFirst().orElseThrow();
        visitor.visit(of, node, read, apart.values(node.outputs()), 0);
      }
      store.restore(before);
    }

    @Override
    public void close() {}
  }

  @Override
  public String name() {
    return "scheduled";
  }

  @Override
  public String description() {
    return "the reference in planned memory";
  }

  @Override
  public StateStore allocate(List<? extends State> states) {
    checkOpen();
    return new Store(states);
  }

  @Override
  public Executable compile(List<Program> programs, StateStore store, Precision precision) {
    checkOpen();
    return new Runner(programs, (Store) store, precision);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("scheduled: the backend is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  /** Fresh memory, filled with NaN. */
  private static ByteBuffer block(long bytes) {
    byte[] array = new byte[(int) bytes];
    Arrays.fill(array, (byte) 0xff);
    return ByteBuffer.wrap(array);
  }
}
