package dev.tarn.reference;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Product;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramPrinter;
import java.util.List;
import java.util.Locale;

/**
 * Runs every node of every step also on the reference, from the same inputs, and stops at the first
 * whose outputs differ: what {@code TARN_VALIDATE=1} switches on.
 */
public final class ValidatingBackend implements Backend {
  /** How far a node's output may be from the reference's, relative to its largest element. */
  static final double TOLERANCE = 2e-5;

  /** The same for what is rounded to bf16 on its way: two of its units in the last place. */
  static final double BF16_TOLERANCE = 1.0 / 64;

  private final Backend backend;

  /** Checks a backend. */
  public ValidatingBackend(Backend backend) {
    this.backend = backend;
  }

  /** The backend itself, or one that validates it if {@link Debug#validate()} says so. */
  public static Backend ifAsked(Backend backend) {
    return Debug.validate() ? new ValidatingBackend(backend) : backend;
  }

  @Override
  public String name() {
    return backend.name();
  }

  @Override
  public String description() {
    return backend.description() + ", validated against the reference";
  }

  @Override
  public StateStore allocate(List<? extends State> states) {
    return backend.allocate(states);
  }

  @Override
  public Executable compile(List<Program> programs, StateStore store, Precision precision) {
    return new Validating(backend.compile(programs, store, precision));
  }

  @Override
  public long forecast(List<Program> programs, StateStore store, Precision precision) {
    return backend.forecast(programs, store, precision);
  }

  @Override
  public void close() {
    backend.close();
  }

  private record Validating(Executable executable) implements Executable {
    @Override
    public List<Program.Input> inputs() {
      return executable.inputs();
    }

    @Override
    public void run(HostTensor... inputs) {
      executable.visit(Validating::check, inputs);
      executable.run(inputs);
    }

    @Override
    public List<HostTensor> read() {
      return executable.read();
    }

    @Override
    public long bytes() {
      return executable.bytes();
    }

    @Override
    public void visit(NodeVisitor visitor, HostTensor... inputs) {
      executable.visit(visitor, inputs);
    }

    @Override
    public void close() {
      executable.close();
    }

    private static void check(
        Program program, Node node, List<HostTensor> inputs, List<HostTensor> outputs, long nanos) {
      List<HostTensor> expected = ReferenceBackend.evaluate(node, inputs);
      for (int i = 0; i < outputs.size(); i++) {
        compare(program, node, expected.get(i), outputs.get(i));
      }
    }

    /** Whether a small difference can become a large one by rounding to a short format. */
    private static boolean rounds(Node node) {
      return node.outputs().stream().anyMatch(value -> value.spec().dtype() == DType.BF16)
          || (node.op() instanceof Fused fused
              && fused.tape().stream().anyMatch(Fused.Round.class::isInstance))
          || (node.op() instanceof Product product
              && (product.arithmetic() == Arithmetic.TF32
                  || product.arithmetic() == Arithmetic.BF16_MATH));
    }

    private static void compare(
        Program program, Node node, HostTensor expected, HostTensor actual) {
      double tolerance = rounds(node) ? BF16_TOLERANCE : TOLERANCE;
      double scale = 1e-30;
      for (int i = 0; i < expected.size(); i++) {
        double value = Math.abs(expected.get(i));
        scale = Double.isFinite(value) ? Math.max(scale, value) : scale;
      }
      for (int i = 0; i < expected.size(); i++) {
        double want = expected.get(i);
        double got = actual.get(i);
        boolean same = Double.compare(want, got) == 0 || want == got;
        if (!same && !(Math.abs(want - got) <= tolerance * scale)) {
          throw new TarnException(
              String.format(
                  Locale.ROOT,
                  "validate: element %d is %s, the reference gives %s, in program %s at%n  %s%s",
                  i,
                  got,
                  want,
                  program.name(),
                  ProgramPrinter.print(program, node),
                  node.origin().suffix()));
        }
      }
    }
  }
}
