package dev.tarn.reference;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Node;
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

    private static void compare(
        Program program, Node node, HostTensor expected, HostTensor actual) {
      double scale = 1e-30;
      for (int i = 0; i < expected.size(); i++) {
        double value = Math.abs(expected.get(i));
        scale = Double.isFinite(value) ? Math.max(scale, value) : scale;
      }
      for (int i = 0; i < expected.size(); i++) {
        double want = expected.get(i);
        double got = actual.get(i);
        boolean same = Double.compare(want, got) == 0 || want == got;
        if (!same && !(Math.abs(want - got) <= TOLERANCE * scale)) {
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
