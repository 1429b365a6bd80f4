package dev.tarn.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reshape;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimplifyTests {
  private final Trace trace = new Trace();
  private final Tensor x = trace.input("x", Spec.f32(3, 4));

  private Program simplified(Tensor... outputs) {
    for (Tensor output : outputs) {
      trace.output("y", output);
    }
    return Simplify.apply(trace.build("test"));
  }

  private static List<String> names(Program program) {
    return program.body().stream().map(node -> node.op().name()).toList();
  }

  @Test
  void equalNodesBecomeOne() {
    Tensor once = x.exp();
    Program program = simplified(once.neg(), x.exp().neg(), x.exp().tanh());
    assertEquals(List.of("exp", "neg", "tanh"), names(program));
    assertSame(program.outputs().get(0).value(), program.outputs().get(1).value());
  }

  @Test
  void differentAttributesStayApart() {
    assertEquals(
        List.of("constant", "mul", "constant", "mul", "reduce_sum", "reduce_sum"),
        names(simplified(x.mul(2), x.mul(-2), x.sum(0).reshape(1, 4), x.sum(1).reshape(3, 1)))
            .stream()
            .filter(name -> !name.equals("reshape"))
            .toList());
  }

  @Test
  void positiveAndNegativeZeroStayApart() {
    Program program = simplified(x.mul(0), x.mul(-0.0));
    assertEquals(List.of("constant", "mul", "constant", "mul"), names(program));
  }

  @Test
  void neutralElementsGo() {
    Tensor ones = trace.constant(1).broadcastTo(Shape.of(3, 4));
    Program program = simplified(x.mul(1), x.div(1), ones.mul(x), trace.constant(1).mul(x));
    assertEquals(List.of(), names(program));
    program.outputs().forEach(output -> assertSame(x.value(), output.value()));
  }

  /** {@code x + 0} turns -0 into 0, and a product with a larger shape broadcasts. */
  @Test
  void whatChangesBitsOrShapesStays() {
    Tensor ones = trace.constant(HostTensor.of(new float[] {1}, 1, 1, 1));
    Program program = simplified(x.add(0), x.sub(0), x.mul(ones));
    assertEquals(
        List.of("constant", "constant", "add", "sub", "mul"),
        names(program).stream().sorted(SimplifyTests::constantsFirst).toList());
  }

  @Test
  void oneIsNeutralForProductsAndDivisorsOnly() {
    Tensor one = trace.constant(1);
    Program program = simplified(x.add(1), x.sub(1), one.div(x), x.maximum(one), x.greater(one));
    assertEquals(List.of("constant", "add", "sub", "div", "maximum", "greater"), names(program));
  }

  private static int constantsFirst(String a, String b) {
    return Boolean.compare(!a.equals("constant"), !b.equals("constant"));
  }

  @Test
  void emptyReshapesAndBroadcastsGo() {
    Tensor same = trace.add(new Reshape(Shape.of(3, 4)), x).get(0);
    Tensor again = trace.add(new Broadcast(Shape.of(3, 4)), same).get(0);
    assertEquals(List.of("exp"), names(simplified(again.exp())));
  }

  @Test
  void deadNodesGo() {
    x.exp().sum();
    State s = State.zeros("s", Spec.f32());
    trace.update(s, x.max());
    assertEquals(List.of("neg", "reduce_max", "reshape"), sorted(simplified(x.neg())));
  }

  private static List<String> sorted(Program program) {
    return names(program).stream().sorted().toList();
  }

  /** An update must be computed by the body, so its node stays even if it changes nothing. */
  @Test
  void updatesStayComputed() {
    State s = State.zeros("s", Spec.f32(3, 4));
    State t = State.zeros("t", Spec.f32(3, 4));
    trace.update(s, x.mul(1));
    trace.update(t, x.mul(1));
    Program program = simplified();
    assertEquals(List.of("constant", "mul", "mul"), names(program));
  }

  @Test
  void isIdempotent() {
    Program program = simplified(x.softmax(), x.softmax().mul(1).sum(0));
    assertEquals(program.toString(), Simplify.apply(program).toString());
  }

  /** A number and its product with one of at most one are finite together. */
  @Test
  void theFlagReadsWhatIsFiniteAlike() {
    State flag = State.zeros("flag", Spec.i32());
    Tensor number = trace.input("number", Spec.f32());
    Tensor mean = number.mul(0.25);
    Tensor negative = trace.constant(-1).mul(mean);
    Tensor twice = number.mul(2);
    Tensor gradient = x.mul(0.5);
    List<Tensor> tensors = List.of(mean, negative, twice, gradient);
    trace.update(flag, trace.firstNonFinite(trace.state(flag), tensors));
    Program program = simplified(tensors.toArray(Tensor[]::new));
    Node check = program.body().get(program.body().size() - 1);
    assertEquals(
        List.of(number.value(), mean.value(), twice.value(), gradient.value()),
        check.inputs().subList(2, 6));
  }

  /** The gradient of a mean is a number that no one needs as a vector. */
  @Test
  void numbersAreNotRepeatedForWhoTakesOne() {
    Tensor labels = trace.input("labels", Spec.i32(3));
    Tensor factor = trace.input("factor", Spec.f32());
    Tensor loss = x.softmaxCrossEntropy(labels).sum().mul(factor);
    Program program = simplified(Gradient.of(loss, List.of(x)).get(0));
    assertEquals(
        List.of("softmax_cross_entropy", "reshape", "softmax_cross_entropy_grad"), names(program));
  }

  @Test
  void vectorsStayForWhoTakesOne() {
    Tensor labels = trace.input("labels", Spec.i32(3));
    Tensor weights = trace.input("weights", Spec.f32(3));
    Tensor loss = x.softmaxCrossEntropy(labels).mul(weights).sum();
    Program program = simplified(Gradient.of(loss, List.of(x)).get(0));
    assertEquals(List.of("softmax_cross_entropy", "softmax_cross_entropy_grad"), names(program));
    assertSame(weights.value(), program.body().get(1).inputs().get(3));
  }
}
