package dev.tarn.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Value;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.Simplify;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Where values live, which copies remain, and that the plan keeps what lives together apart. */
class ScheduleTests {
  private static final Spec SPEC = Spec.f32(17, 17);

  private final State s = State.zeros("s", SPEC);
  private final State t = State.zeros("t", SPEC);

  private static Program program(String name, Consumer<Trace> body) {
    Trace trace = new Trace();
    body.accept(trace);
    return FuseElementwise.apply(Simplify.apply(trace.build(name)), true, node -> false);
  }

  private static Schedule<String> schedule(boolean keepAll, Program... programs) {
    Schedule<String> schedule = new Schedule<>(keepAll);
    for (Program program : programs) {
      schedule.begin(program);
      for (Node node : program.body()) {
        if (!(node.op() instanceof Reshape || node.op() instanceof Constant)) {
          schedule.add(
              node.op().name(),
              node,
              schedule.buffers(node.inputs()),
              schedule.buffers(node.outputs()));
        }
      }
      for (Schedule.Copy copy : schedule.copies(program)) {
        schedule.add("copy", null, List.of(copy.from()), List.of(copy.to()));
      }
    }
    schedule.plan();
    checkPlan(schedule);
    return schedule;
  }

  /** No step writes where a buffer lies that is read later and was written before. */
  private static void checkPlan(Schedule<String> schedule) {
    List<Buffer> kept = new ArrayList<>(schedule.inputBuffers());
    kept.addAll(schedule.outputBuffers());
    schedule.initials().forEach(initial -> kept.add(initial.buffer()));
    for (int i = 0; i < schedule.entries().size(); i++) {
      for (Buffer written : schedule.entries().get(i).writes()) {
        List<Buffer> needed = new ArrayList<>(kept);
        schedule.entries().stream().skip(i).forEach(entry -> needed.addAll(entry.reads()));
        for (Buffer other : needed) {
          boolean inArena = written.state() == null && other.state() == null;
          boolean livesNow = kept.contains(other) || (other.first <= i && other.last >= i);
          if (inArena && other != written && livesNow) {
            boolean apart =
                written.offset() + written.bytes() <= other.offset()
                    || other.offset() + other.bytes() <= written.offset();
            assertTrue(apart, () -> written + " overwrites " + other + "\n" + schedule);
          }
        }
      }
    }
    for (Buffer buffer : kept) {
      assertTrue(buffer.state() != null || buffer.offset() + buffer.bytes() <= schedule.bytes());
    }
  }

  private static List<String> steps(Schedule<String> schedule) {
    return schedule.entries().stream().map(Schedule.Entry::step).toList();
  }

  private static Buffer next(Schedule<String> schedule, Program program, State state) {
    Value value = program.updates().get(state);
    if (value == null) {
      throw new IllegalStateException("no update of " + state);
    }
    return schedule.buffer(value);
  }

  /** A chain of steps a, b, c ... each from one buffer to the next. */
  private static List<Buffer> chain(Schedule<String> schedule, long... sizes) {
    List<Buffer> buffers = new ArrayList<>();
    for (long size : sizes) {
      buffers.add(schedule.scratch("b" + buffers.size(), size));
    }
    schedule.add("begin", null, List.of(), buffers.subList(0, 1));
    for (int i = 1; i < sizes.length; i++) {
      Buffer read = buffers.get(i - 1);
      Buffer written = buffers.get(i);
      schedule.add("step " + i, null, List.of(read), List.of(written));
      schedule.mayOverwrite(read, written);
    }
    schedule.add("end", null, buffers.subList(sizes.length - 1, sizes.length), List.of());
    return buffers;
  }

  @Test
  void aResultTakesTheMemoryOfAnOperandThatEnds() {
    Schedule<String> schedule = new Schedule<>(false);
    List<Buffer> chain = chain(schedule, 1024, 1024, 1024);
    schedule.plan();
    assertEquals(1024, schedule.bytes());
    chain.forEach(buffer -> assertEquals(0, buffer.offset()));
  }

  @Test
  void aResultThatIsOfAnotherSizeHasItsOwnMemory() {
    Schedule<String> schedule = new Schedule<>(false);
    chain(schedule, 1024, 2048);
    schedule.plan();
    assertEquals(3072, schedule.bytes());
  }

  @Test
  void whatIsReadLaterIsNotOverwritten() {
    Schedule<String> schedule = new Schedule<>(false);
    List<Buffer> chain = chain(schedule, 1024, 1024, 1024);
    schedule.add("look back", null, chain.subList(0, 1), List.of());
    schedule.plan();
    assertEquals(2048, schedule.bytes());
    assertNotEquals(chain.get(0).offset(), chain.get(1).offset());
    assertEquals(chain.get(1).offset(), chain.get(2).offset());
  }

  @Test
  void twoResultsDoNotTakeTheSameMemory() {
    Schedule<String> schedule = new Schedule<>(false);
    Buffer read = schedule.scratch("read", 1024);
    Buffer unused = schedule.scratch("unused", 1024);
    Buffer used = schedule.scratch("used", 1024);
    schedule.add("begin", null, List.of(), List.of(read));
    schedule.add("two", null, List.of(read), List.of(unused, used));
    schedule.mayOverwrite(read, unused);
    schedule.mayOverwrite(read, used);
    schedule.add("end", null, List.of(used), List.of());
    schedule.plan();
    assertNotEquals(used.offset(), unused.offset());
    assertEquals(read.offset(), used.offset());
  }

  @Test
  void nothingIsOverwrittenThatIsToBeLookedAt() {
    Schedule<String> schedule = new Schedule<>(true);
    chain(schedule, 1024, 1024);
    schedule.plan();
    assertEquals(2048, schedule.bytes());
  }

  @Test
  void outputsAreNotOverwritten() {
    Program program =
        program(
            "p",
            trace -> {
              Tensor y = trace.input("x", SPEC).matmul(trace.input("x", SPEC));
              trace.output("y", y);
              trace.output("z", y.transpose());
            });
    Schedule<String> schedule = new Schedule<>(false);
    schedule.begin(program);
    for (Node node : program.body()) {
      Buffer to = schedule.buffer(node.output());
      List<Buffer> from = schedule.buffers(node.inputs());
      schedule.add(node.op().name(), node, from, List.of(to));
      from.forEach(read -> schedule.mayOverwrite(read, to));
    }
    schedule.plan();
    checkPlan(schedule);
    assertNotEquals(
        schedule.outputBuffers().get(0).offset(), schedule.outputBuffers().get(1).offset());
  }

  @Test
  void reshapesShareABuffer() {
    Program program =
        program(
            "p",
            trace -> {
              Tensor y = trace.input("x", SPEC).exp();
              trace.output("flat", y.reshape(289));
              trace.output("y", y);
            });
    Schedule<String> schedule = schedule(false, program);
    assertSame(schedule.outputBuffers().get(0), schedule.outputBuffers().get(1));
    assertEquals(List.of("fused"), steps(schedule));
  }

  @Test
  void inputsWithOneNameAreOne() {
    Program a = program("a", trace -> trace.output("y", trace.input("x", SPEC).exp()));
    Program b =
        program(
            "b",
            trace -> trace.output("y", trace.input("z", Spec.f32()).add(trace.input("x", SPEC))));
    Schedule<String> schedule = schedule(false, a, b);
    assertEquals(List.of("x", "z"), schedule.inputs().stream().map(Program.Input::name).toList());
    assertSame(
        schedule.buffer(a.inputs().get(0).value()), schedule.buffer(b.inputs().get(1).value()));
    assertEquals(0, schedule.inputBuffers().get(0).offset());
    Program other = program("c", trace -> trace.output("y", trace.input("x", Spec.f32()).exp()));
    assertThrows(IllegalArgumentException.class, () -> schedule(false, a, other));
  }

  @Test
  void anUpdateByATapeIsInPlace() {
    Program program =
        program("p", trace -> trace.update(s, trace.state(s).add(trace.input("x", SPEC))));
    Schedule<String> schedule = schedule(false, program);
    assertEquals(s, next(schedule, program, s).state());
    assertEquals(List.of("fused"), steps(schedule));
    assertEquals(List.of("fused", "copy"), steps(schedule(true, program)));
    assertNull(next(schedule(true, program), program, s).state());
  }

  @Test
  void oldValuesThatAreOutputsAreKept() {
    Program program =
        program(
            "p",
            trace -> {
              Tensor old = trace.state(s);
              trace.update(s, old.exp());
              trace.output("old", old.reshape(289));
            });
    Schedule<String> schedule = schedule(false, program);
    assertNull(schedule.outputBuffers().get(0).state());
    assertEquals(List.of("fused", "copy", "copy"), steps(schedule));
    assertSame(schedule.outputBuffers().get(0), schedule.entries().get(1).writes().get(0));
  }

  @Test
  void statesThatSwapGoThroughAnotherBuffer() {
    State flat = State.zeros("flat", Spec.f32(289));
    Program program =
        program(
            "p",
            trace -> {
              Tensor old = trace.state(s);
              trace.update(s, trace.state(flat).reshape(17, 17));
              trace.update(flat, old.reshape(289));
            });
    // Both old values are saved before either state is written.
    List<Schedule.Entry<String>> entries = schedule(false, program).entries();
    assertEquals(4, entries.size());
    for (int i = 0; i < 4; i++) {
      assertEquals(i >= 2, entries.get(i).writes().get(0).state() != null, entries.toString());
    }
  }

  @Test
  void memoryIsReused() {
    Program program =
        program(
            "p",
            trace -> {
              Tensor x = trace.input("x", SPEC);
              for (int i = 0; i < 20; i++) {
                x = x.matmul(x);
              }
              trace.output("y", x);
            });
    long one = 1280;
    assertEquals(4 * one, schedule(false, program).bytes(), "input, output and two between");
    assertTrue(schedule(true, program).bytes() >= 21 * one);
  }

  /** What a step leaves in such a buffer is there in the next run. */
  @Test
  void aBufferWithDataSharesItsMemoryWithNone() {
    Schedule<String> schedule = new Schedule<>(false);
    Buffer counter = schedule.initial("counter", HostTensor.zeros(Spec.i32(4)));
    Buffer before = schedule.scratch("before", 1024);
    Buffer after = schedule.scratch("after", 1024);
    schedule.add("a", null, List.of(), List.of(before));
    schedule.add("b", null, List.of(before), List.of(counter));
    schedule.add("c", null, List.of(), List.of(after));
    schedule.plan();
    assertSame(counter, schedule.initials().get(0).buffer());
    assertEquals(before.offset(), after.offset());
    assertTrue(counter.offset() >= 1024 || before.offset() >= counter.offset() + 16);
  }

  @Test
  void constantsAreWrittenOnce() {
    HostTensor data = HostTensor.zeros(SPEC);
    Program program =
        program("p", trace -> trace.update(s, trace.input("x", SPEC).matmul(trace.constant(data))));
    Schedule<String> schedule = schedule(false, program);
    assertEquals(1, schedule.initials().size());
    assertSame(data, schedule.initials().get(0).data());
    Program reset = program("q", trace -> trace.update(t, trace.constant(data)));
    Schedule<String> copied = schedule(false, reset);
    assertNotSame(t, next(copied, reset, t).state());
    assertEquals(List.of("copy"), steps(copied));
  }
}
