package dev.tarn.ir;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.ir.Elementwise.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every kind of malformed program is refused by a message that names the fault. */
class ProgramVerifierTests {
  private static final Spec SPEC = Spec.f32(3);

  private final Value x = new Value(0, SPEC);
  private final Value y = new Value(1, SPEC);
  private final Value z = new Value(2, SPEC);
  private final Node xToY = node(Elementwise.Kind.NEG, List.of(x), y);
  private final Node yToZ = node(Elementwise.Kind.EXP, List.of(y), z);
  private final List<Program.Input> in = List.of(new Program.Input("x", x));

  private static Node node(Elementwise.Kind kind, List<Value> inputs, Value output) {
    return new Node(new Elementwise(kind), inputs, List.of(output), Origin.NONE);
  }

  private static List<Program.Output> out(Value value) {
    return List.of(new Program.Output("out", value));
  }

  private static void refuses(String fault, Program program) {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> ProgramVerifier.verify(program));
    assertTrue(e.getMessage().startsWith("malformed program: " + fault), e.getMessage());
    assertTrue(e.getMessage().contains("program test {"), e.getMessage());
  }

  private static Program program(
      List<Program.Input> inputs,
      Map<State, Value> states,
      List<Node> body,
      List<Program.Output> outputs,
      Map<State, Value> updates) {
    return new Program("test", inputs, states, body, outputs, updates);
  }

  @Test
  void acceptsWhatIsWellFormed() {
    State s = State.zeros("s", SPEC);
    Value old = new Value(3, SPEC);
    Program program = program(in, Map.of(s, old), List.of(xToY, yToZ), out(z), Map.of(s, z));
    assertSame(program, ProgramVerifier.verify(program));
  }

  @Test
  void valueDefinedTwice() {
    refuses("%1 is defined twice", program(in, Map.of(), List.of(xToY, xToY), out(y), Map.of()));
    Node over = node(Elementwise.Kind.NEG, List.of(x), x);
    refuses("%0 is defined twice", program(in, Map.of(), List.of(over), out(x), Map.of()));
    List<Program.Input> twice = List.of(in.get(0), new Program.Input("again", x));
    refuses("%0 is defined twice", program(twice, Map.of(), List.of(), out(x), Map.of()));
    State s = State.zeros("s", SPEC);
    refuses("%0 is defined twice", program(in, Map.of(s, x), List.of(), out(x), Map.of()));
  }

  @Test
  void useBeforeDefinition() {
    refuses("exp reads undefined %1", program(in, Map.of(), List.of(yToZ, xToY), out(z), Map.of()));
    refuses(
        "neg reads undefined %0", program(List.of(), Map.of(), List.of(xToY), out(y), Map.of()));
  }

  @Test
  void specsThatAreNotInferred() {
    Value wrong = new Value(4, Spec.f32(4));
    Node node = node(Elementwise.Kind.NEG, List.of(x), wrong);
    refuses(
        "neg gives [f32[3]], not [%4]", program(in, Map.of(), List.of(node), out(wrong), Map.of()));
    Node two = new Node(new SoftmaxCrossEntropy(), List.of(x), List.of(y), Origin.NONE);
    Program program = program(in, Map.of(), List.of(two), out(y), Map.of());
    assertThrows(ShapeException.class, () -> ProgramVerifier.verify(program));
  }

  @Test
  void outputsThatNothingGives() {
    refuses("undefined output out", program(in, Map.of(), List.of(xToY), out(z), Map.of()));
  }

  @Test
  void statesOfAnotherSpec() {
    State s = State.zeros("s", Spec.f32(4));
    Value old = new Value(3, SPEC);
    refuses("state s: f32[4] is %3", program(in, Map.of(s, old), List.of(), out(x), Map.of()));
  }

  @Test
  void updates() {
    State s = State.zeros("s", Spec.f32(4));
    refuses(
        "update of s: f32[4]: spec", program(in, Map.of(), List.of(xToY), List.of(), Map.of(s, y)));
    State t = State.zeros("t", SPEC);
    refuses(
        "update of t: f32[3] is not computed",
        program(in, Map.of(), List.of(xToY), List.of(), Map.of(t, x)));
    refuses(
        "update of t: f32[3] is not computed",
        program(in, Map.of(), List.of(xToY), List.of(), Map.of(t, z)));
  }

  @Test
  void arenaBesideItsMembers() {
    State member = State.zeros("member", SPEC);
    Arena arena = Arena.of("arena", List.of(member));
    Value old = new Value(3, SPEC);
    Value all = new Value(4, arena.spec());
    refuses(
        "both arena: f32[32] and its member: f32[3]",
        program(in, Map.of(member, old, arena, all), List.of(), out(x), Map.of()));
    Value zeros = new Value(5, arena.spec());
    Node constant =
        new Node(
            new Constant(HostTensor.zeros(arena.spec())), List.of(), List.of(zeros), Origin.NONE);
    refuses(
        "both arena: f32[32] and its member: f32[3]",
        program(in, Map.of(member, old), List.of(constant), out(x), Map.of(arena, zeros)));
  }

  @Test
  void tapes() {
    List<Fused.Instruction> tape = List.of(new Fused.Load(0));
    Fused fused = new Fused(Shape.of(2), tape, List.of(0));
    assertThrows(ShapeException.class, () -> fused.infer(List.of(SPEC)));
  }

  @Test
  void integersInTapes() {
    List<Spec> inputs = List.of(Spec.i32(3), Spec.f32(3));
    List<Fused.Instruction> loads = List.of(new Fused.Load(0), new Fused.Load(1));
    refuses(loads, List.of(0), inputs, "a result is i32");
    for (Fused.Instruction wrong :
        List.of(
            new Fused.Apply(Kind.EQUAL, List.of(0, 1)),
            new Fused.Apply(Kind.ADD, List.of(0, 0)),
            new Fused.Round(0))) {
      List<Fused.Instruction> tape = new ArrayList<>(loads);
      tape.add(wrong);
      refuses(tape, List.of(2), inputs, "i32");
    }
  }

  private static void refuses(
      List<Fused.Instruction> tape, List<Integer> results, List<Spec> inputs, String message) {
    Fused fused = new Fused(Shape.of(3), tape, results);
    String actual =
        assertThrows(ShapeException.class, () -> fused.infer(inputs), fused::toString).getMessage();
    assertTrue(actual.contains(message), actual);
  }
}
