package dev.tarn.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import java.util.List;
import org.junit.jupiter.api.Test;

class FuseElementwiseTests {
  private final Trace trace = new Trace();
  private final Tensor x = trace.input("x", Spec.f32(3, 4));

  private Program fused(Tensor... outputs) {
    for (Tensor output : outputs) {
      trace.output("y", output);
    }
    return FuseElementwise.apply(Simplify.apply(trace.build("test")), true, node -> false);
  }

  private static List<String> names(Program program) {
    return program.body().stream().map(node -> node.op().name()).toList();
  }

  private static Fused tape(Program program, int index) {
    return (Fused) program.body().get(index).op();
  }

  @Test
  void aChainIsOneTape() {
    Tensor row = trace.input("row", Spec.f32(4));
    Program program = fused(x.mul(2).add(row).tanh());
    assertEquals(List.of("fused"), names(program));
    assertEquals(
        "{r0=load 0; r1=2.0; r2=mul r0 r1; r3=load 1; r4=add r2 r3; r5=tanh r4 -> r5}",
        tape(program, 0).attributes());
  }

  @Test
  void valuesReadElsewhereAreOutputs() {
    Tensor h = x.exp();
    Program program = fused(h.neg(), h.sum());
    assertEquals(List.of("fused", "reduce_sum", "reshape"), names(program));
    assertEquals("{r0=load 0; r1=exp r0; r2=neg r1 -> r1, r2}", tape(program, 0).attributes());
  }

  @Test
  void updatesAreOutputs() {
    State s = State.zeros("s", Spec.f32(3, 4));
    trace.update(s, trace.state(s).add(x));
    Program program = fused(trace.state(s).neg());
    assertEquals(List.of("fused"), names(program));
    assertEquals(List.of(2, 3), tape(program, 0).results());
  }

  /** Joining both sides of the reduction would need its result before it is known. */
  @Test
  void noCycleThroughAReduction() {
    Tensor e = x.exp();
    Program program = fused(e.div(e.sum(1).reshape(3, 1)));
    assertEquals(List.of("fused", "reduce_sum", "reshape", "reshape", "fused"), names(program));
  }

  @Test
  void otherShapesStayApart() {
    Tensor row = trace.input("row", Spec.f32(4));
    Program program = fused(x.add(row.exp()));
    assertEquals(List.of("fused", "fused"), names(program));
    assertEquals(Shape.of(4), tape(program, 0).shape());
  }

  @Test
  void comparisonsOfIntegersJoin() {
    Tensor n = trace.input("n", Spec.i32(3, 4));
    Tensor three = trace.constant(HostTensor.scalar(3));
    Program program = fused(n.equal(n).mul(x).add(n.equal(three)));
    assertEquals(List.of("fused"), names(program));
    assertEquals(
        "{r0=load 0; r1=equal r0 r0; r2=load 1; r3=mul r1 r2; r4=3; r5=equal r0 r4;"
            + " r6=add r3 r5 -> r6}",
        tape(program, 0).attributes());
  }

  @Test
  void comparisonsOfIntegersAlone() {
    Tensor n = trace.input("n", Spec.i32(3, 4));
    Program program = fused(n.equal(trace.constant(HostTensor.scalar(3))));
    assertEquals("equal", tape(program, 0).operation());
    assertTrue(program.toString().contains("= equal %n, 3 "), program::toString);
  }

  @Test
  void keptNodesStayPlain() {
    trace.output("y", x.exp().neg().tanh());
    Program program =
        FuseElementwise.apply(
            trace.build("test"),
            true,
            node -> node.op().equals(new Elementwise(Elementwise.Kind.NEG)));
    assertEquals(List.of("fused", "neg", "fused"), names(program));
  }

  @Test
  void withoutJoiningEachNodeIsATape() {
    trace.output("y", x.mul(2).add(x).tanh());
    Program program = FuseElementwise.apply(trace.build("test"), false, node -> false);
    assertEquals(List.of("fused", "fused", "fused"), names(program));
  }

  @Test
  void tapesAreBounded() {
    Tensor y = x;
    for (int i = 0; i < 300; i++) {
      y = y.mul(i + 0.5).add(trace.input("x" + i, Spec.f32(3, 4)));
    }
    Program program = fused(y);
    assertTrue(program.body().size() > 4, program::toString);
    for (Node node : program.body()) {
      assertTrue(((Fused) node.op()).tape().size() <= 64, node::toString);
      assertTrue(node.inputs().size() <= 24, node::toString);
    }
  }

  /** Of a ReLU only the result is kept for its gradient. */
  @Test
  void masksAreComputedWhereTheyAreUsed() {
    Tensor w = trace.input("w", Spec.f32(4, 4));
    Tensor h = x.relu();
    Tensor g = h.matmul(w);
    Program program = fused(h.greater(0).select(g, trace.constant(0)));
    assertEquals(List.of("fused", "matmul", "fused"), names(program));
    assertEquals("{r0=load 0; r1=relu r0 -> r1}", tape(program, 0).attributes());
    assertEquals(
        "{r0=load 0; r1=0.0; r2=greater r0 r1; r3=load 1; r4=select r2 r3 r1 -> r4}",
        tape(program, 2).attributes());
  }

  @Test
  void masksJoinWhatTheyCompareWhereThatIsOneTape() {
    Tensor h = x.relu();
    Program program = fused(h.greater(0).select(x.neg(), trace.constant(0)).add(h));
    assertEquals(List.of("fused"), names(program));
  }

  @Test
  void dropoutMasksJoin() {
    Program program = fused(x.mul(trace.dropoutMask("d", Shape.of(3, 4), 0.5f)).tanh());
    assertEquals(List.of("fused"), names(program));
    String text = tape(program, 0).attributes();
    assertTrue(text.contains("mask keep=0.5") && text.endsWith("r3=tanh r2 -> r3}"), text);
    assertEquals(3, program.body().get(0).inputs().size());
  }

  /** A number is computed by every tape that reads it. */
  @Test
  void numbersAreComputedAgain() {
    Tensor flag = trace.input("flag", Spec.i32());
    Tensor row = trace.input("row", Spec.f32(4));
    Tensor fine = flag.equal(trace.constant(HostTensor.scalar(0)));
    Program program = fused(fine.select(x.neg(), x), fine.select(row.exp(), row));
    assertEquals(List.of("fused", "fused"), names(program));
    assertEquals(
        "{r0=load 0; r1=neg r0; r2=load 1; r3=0; r4=equal r2 r3; r5=select r4 r1 r0 -> r5}",
        tape(program, 0).attributes());
    assertTrue(tape(program, 1).attributes().contains("equal"), program::toString);
  }

  @Test
  void numbersOfNumbersAreComputedAgain() {
    Tensor norm = x.sum().sqrt();
    Tensor factor = trace.constant(2).div(norm.add(1));
    Program program = fused(x.mul(factor), norm.mul(trace.input("row", Spec.f32(4))));
    assertEquals(List.of("reduce_sum", "reshape", "fused", "fused"), names(program));
    assertEquals(
        "{r0=load 0; r1=2.0; r2=load 1; r3=sqrt r2; r4=1.0; r5=add r3 r4; r6=div r1 r5;"
            + " r7=mul r0 r6 -> r7}",
        tape(program, 2).attributes());
    assertEquals(
        "{r0=load 0; r1=sqrt r0; r2=load 1; r3=mul r1 r2 -> r3}", tape(program, 3).attributes());
  }

  @Test
  void numbersThatAreKeptAreComputedOnce() {
    Tensor number = trace.input("number", Spec.f32());
    State s = State.zeros("s", Spec.f32());
    Tensor next = number.exp();
    trace.update(s, next);
    Program program = fused(x.mul(next));
    assertEquals(List.of("fused", "fused"), names(program));
    assertEquals("{r0=load 0; r1=load 1; r2=mul r0 r1 -> r2}", tape(program, 1).attributes());
  }

  /** What is no tape needs a number in memory, and a long computation is not repeated. */
  @Test
  void numbersThatOthersReadAreComputedOnce() {
    Tensor number = trace.input("number", Spec.f32(1, 1));
    Tensor small = number.exp();
    assertEquals(
        List.of("fused", "fused", "matmul"),
        names(fused(small.matmul(number), x.mul(small))).stream().sorted().toList());
  }

  @Test
  void longComputationsOfNumbersAreDoneOnce() {
    Tensor number = trace.input("number", Spec.f32());
    for (int i = 0; i < 10; i++) {
      number = number.tanh().neg();
    }
    assertEquals(List.of("fused", "fused"), names(fused(x.mul(number))));
  }

  @Test
  void aMaskOfANumberIsNotThatOfAnImage() {
    Tensor mask = trace.dropoutMask("d", Shape.of(1), 0.5f);
    assertEquals(List.of("fused", "fused"), names(fused(x.mul(mask))));
  }

  @Test
  void updatesOfShortVectorsJoin() {
    Tensor flag = trace.input("flag", Spec.f32());
    Tensor[] sums = {x.sum(0), x.exp().sum(0), x.sum(1)};
    for (int i = 0; i < sums.length; i++) {
      State s = State.zeros("s" + i, sums[i].spec());
      trace.update(s, flag.select(sums[i].add(trace.state(s)), trace.state(s)));
    }
    Program program = fused(x.sum().mul(2), x.sum().neg());
    List<Shape> tapes =
        program.body().stream()
            .filter(node -> node.op() instanceof Fused)
            .map(node -> ((Fused) node.op()).shape())
            .toList();
    assertEquals(List.of(Shape.of(3, 4), Shape.of(4), Shape.of(3), Shape.of()), tapes);
  }

  @Test
  void shortVectorsThatAreReadStayApart() {
    Tensor row = trace.input("row", Spec.f32(4));
    Tensor first = row.exp();
    Program program = fused(x.matmul(first.reshape(4, 1)), row.neg());
    assertEquals(List.of("fused", "reshape", "matmul", "fused"), names(program));
  }

  @Test
  void longVectorsStayApart() {
    Tensor vector = trace.input("vector", Spec.f32(5000));
    assertEquals(List.of("fused", "fused"), names(fused(vector.exp(), vector.neg())));
  }
}
