package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Elementwise.Kind;
import java.util.ArrayList;
import java.util.List;

/** Every elementwise function at many sizes, at special values, and with broadcast operands. */
final class ElementwiseCases {
  private static final List<Shape> SHAPES =
      List.of(
          Shape.SCALAR,
          Shape.of(1),
          Shape.of(3),
          Shape.of(17),
          Shape.of(33),
          Shape.of(257),
          Shape.of(4099),
          Shape.of(17, 33),
          Shape.of(1, 5, 1));

  private static final double[] SPECIAL = {
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    0.0,
    -0.0,
    1,
    -1,
    2.5,
    -2.5,
    1e-3,
    -1e-3
  };

  private ElementwiseCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      cases.add(sizes(kind));
      cases.add(specialValues(kind));
    }
    cases.add(ties());
    cases.add(integersEqual());
    cases.add(extremeArguments());
    addBroadcasts(cases);
    return cases;
  }

  private static OpCase sizes(Kind kind) {
    OpCase c = OpCase.named(text(kind) + " at many sizes");
    for (int i = 0; i < SHAPES.size(); i++) {
      Spec spec = Spec.f32(SHAPES.get(i));
      for (int j = 0; j < kind.arity(); j++) {
        String name = "abc".charAt(j) + "" + i;
        if (isDifferentiable(kind, j)) {
          c.by(name, spec, fill(kind, j));
        } else {
          c.input(name, spec, fill(kind, j));
        }
      }
    }
    return c.program(
        (trace, in) -> {
          List<Tensor> out = new ArrayList<>();
          for (int i = 0; i < in.length; i += kind.arity()) {
            Tensor[] operands = new Tensor[kind.arity()];
            System.arraycopy(in, i, operands, 0, operands.length);
            out.add(apply(trace, kind, operands));
          }
          return out;
        });
  }

  /** Each special value, or each combination of them, once. */
  private static OpCase specialValues(Kind kind) {
    int n = SPECIAL.length;
    int size = (int) Math.pow(n, kind.arity());
    OpCase c = OpCase.named(text(kind) + " of NaN, infinities and zeros");
    for (int j = 0; j < kind.arity(); j++) {
      int period = (int) Math.pow(n, j);
      c.input("abc".substring(j, j + 1), Spec.f32(size), Fill.each((i, r) -> at(i / period)));
    }
    return c.program((trace, in) -> List.of(apply(trace, kind, in)));
  }

  private static double at(int index) {
    return SPECIAL[index % SPECIAL.length];
  }

  private static OpCase ties() {
    Spec spec = Spec.f32(257);
    return OpCase.named("comparisons with ties")
        .input("a", spec, Fill.grid(0))
        .input("b", spec, Fill.grid(0))
        .program(
            (trace, in) ->
                List.of(
                    in[0].greater(in[1]),
                    in[0].equal(in[1]),
                    in[0].maximum(in[1]),
                    in[0].minimum(in[1])));
  }

  private static OpCase integersEqual() {
    return OpCase.named("equal of i32")
        .input("a", Spec.i32(257), Fill.below(4))
        .input("b", Spec.i32(257), Fill.below(4))
        .input("row", Spec.i32(5, 1), Fill.below(3))
        .input("column", Spec.i32(7), Fill.below(3))
        .input("large", Spec.i32(2), Fill.cycle(16777217, 16777216))
        .input("larger", Spec.i32(2), Fill.cycle(16777216, 16777216))
        .input("one", Spec.i32(), Fill.below(3))
        .input("x", Spec.f32(257), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].equal(in[1]),
                    in[2].equal(in[3]),
                    in[4].equal(in[5]),
                    in[0].equal(in[1]).mean(),
                    in[6]
                        .equal(trace.constant(HostTensor.scalar(1)))
                        .select(in[7], in[0].equal(in[6])),
                    in[6]
                        .equal(in[4])
                        .mul(in[4].equal(trace.constant(HostTensor.scalar(16777217))))));
  }

  private static OpCase extremeArguments() {
    Spec spec = Spec.f32(8);
    return OpCase.named("functions at extreme arguments")
        .input("a", spec, Fill.cycle(-200, -88, -20, -1e-6, 1e-6, 20, 87, 60))
        .input("b", spec, Fill.cycle(1e-30, 1e-6, 1, 2, 1e6, 1e30, 3e38, 0.5))
        .within(1e-4)
        .program(
            (trace, in) ->
                List.of(
                    in[0].exp(),
                    in[0].tanh(),
                    in[0].sigmoid(),
                    in[0].erf(),
                    in[0].expm1(),
                    in[1].log(),
                    in[1].sqrt(),
                    in[1].rsqrt(),
                    in[1].log1p(),
                    in[1].pow(trace.constant(0.99))));
  }

  private static void addBroadcasts(List<OpCase> cases) {
    int[][][] pairs = {
      {{4, 5}, {}},
      {{4, 5}, {5}},
      {{4, 5}, {4, 1}},
      {{4, 5}, {1, 1}},
      {{4, 1}, {1, 5}},
      {{33, 257}, {257}},
      {{257, 33}, {257, 1}},
      {{3}, {2, 1, 3}},
      {{2, 3, 4}, {3, 1}},
      {{2, 1, 4}, {3, 1}},
      {{2, 1, 3, 1}, {1, 4, 1, 5}},
      {{1}, {17}},
      {{1, 1}, {}},
    };
    for (int[][] pair : pairs) {
      Spec a = Spec.f32(pair[0]);
      Spec b = Spec.f32(pair[1]);
      cases.add(
          OpCase.named("broadcast " + a.shape() + " and " + b.shape())
              .by("a", a, Fill.normal(1))
              .by("b", b, Fill.normal(1))
              .program((trace, in) -> List.of(in[0].sub(in[1]), in[1].sub(in[0]))));
    }
    cases.add(
        OpCase.named("broadcast of all operands of select")
            .input("a", Spec.f32(4, 1), Fill.cycle(0, 1, -1, 0))
            .by("b", Spec.f32(5), Fill.normal(1))
            .by("c", Spec.f32(), Fill.normal(1))
            .program(
                (trace, in) -> List.of(in[0].select(in[1], in[2]), in[0].select(in[2], in[1]))));
    int[][][] repeats = {
      {{}, {17}}, {{5}, {4, 5}}, {{4, 1}, {4, 5}}, {{3, 1, 2}, {5, 3, 4, 2}}, {{1, 1}, {257, 33}}
    };
    OpCase explicit = OpCase.named("broadcast as an operation");
    for (int[][] repeat : repeats) {
      explicit.by("x" + explicit.inputNames().size(), Spec.f32(repeat[0]), Fill.normal(1));
    }
    cases.add(
        explicit.program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              for (int i = 0; i < in.length; i++) {
                out.add(in[i].broadcastTo(Shape.of(repeats[i][1])));
              }
              return out;
            }));
  }

  private static Tensor apply(Trace trace, Kind kind, Tensor... operands) {
    return trace.add(new Elementwise(kind), operands).get(0);
  }

  private static boolean isDifferentiable(Kind kind, int operand) {
    return switch (kind) {
      case GREATER, EQUAL, SIGN, FLOOR, CEIL, ROUND -> false;
      case SELECT -> operand > 0;
      default -> true;
    };
  }

  /** Data at which the function has a derivative. */
  private static Fill fill(Kind kind, int operand) {
    return switch (kind) {
      case NEG, EXP, TANH, SIGMOID, ADD, SUB, MUL, ERF, EXPM1 -> Fill.normal(1);
      case LOG, SQRT, RSQRT -> Fill.uniform(0.25, 4);
      case LOG1P -> Fill.uniform(-0.75, 4);
      case POW -> operand == 0 ? Fill.uniform(0.25, 4) : Fill.normal(1);
      case FLOOR, CEIL, ROUND -> Fill.uniform(-4, 4);
      case ABS, RELU, SIGN -> Fill.awayFromZero();
      case DIV -> operand == 0 ? Fill.normal(1) : Fill.awayFromZero();
      case MAXIMUM, MINIMUM, GREATER, EQUAL -> Fill.grid(operand == 0 ? 0 : 0.125);
      case SELECT -> operand == 0 ? Fill.cycle(0, 1, 0.5, 0, -2) : Fill.normal(1);
    };
  }

  private static String text(Kind kind) {
    return new Elementwise(kind).name();
  }
}
