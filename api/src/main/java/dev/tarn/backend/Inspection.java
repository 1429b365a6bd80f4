package dev.tarn.backend;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramPrinter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a step computed, node by node. {@code toString()} is a table. */
public record Inspection(List<Entry> entries) {

  /**
   * One output of one node.
   *
   * @param program the program's name
   * @param node the node
   * @param text the node as it is printed
   * @param min the smallest finite element
   * @param max the largest finite element
   * @param mean the mean of the finite elements
   * @param nonFinite the number of NaN and infinite elements
   * @param inputsFinite whether everything the node read was finite
   * @param nanos the time the node took, in nanoseconds
   */
  public record Entry(
      String program,
      Node node,
      String text,
      double min,
      double max,
      double mean,
      int nonFinite,
      boolean inputsFinite,
      long nanos) {
    /** The operation with the place it comes from: {@code exp (Mlp.java:31)}. */
    public String operation() {
      String name = node.op() instanceof Fused fused ? fused.operation() : node.op().name();
      return name + node.origin().suffix();
    }
  }

  /** Copies the list. */
  public Inspection {
    entries = List.copyOf(entries);
  }

  /**
   * The node where non-finite values first appear: the first that gives some although all it read
   * was finite, or the first that gives some if they came in from outside.
   */
  public Optional<Entry> firstNonFinite() {
    List<Entry> bad = entries.stream().filter(entry -> entry.nonFinite() > 0).toList();
    return bad.stream().filter(Entry::inputsFinite).findFirst().or(() -> bad.stream().findFirst());
  }

  @Override
  public String toString() {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format("%10s %12s %12s %12s %9s  node%n", "us", "min", "mean", "max", "nonfinite"));
    for (Entry entry : entries) {
      out.append(
          String.format(
              Locale.ROOT,
              "%10.1f %12.4g %12.4g %12.4g %9d  %s  %s%n",
              entry.nanos() / 1e3,
              entry.min(),
              entry.mean(),
              entry.max(),
              entry.nonFinite(),
              entry.text(),
              entry.node().origin()));
    }
    return out.toString();
  }

  /** Collects statistics while a step is visited. */
  static final class Builder implements Executable.NodeVisitor {
    private final List<Entry> entries = new ArrayList<>();

    @Override
    public void visit(
        Program program, Node node, List<HostTensor> inputs, List<HostTensor> outputs, long nanos) {
      boolean inputsFinite = inputs.stream().allMatch(input -> countNonFinite(input) == 0);
      for (HostTensor output : outputs) {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        for (int i = 0; i < output.size(); i++) {
          double value = output.get(i);
          if (Double.isFinite(value)) {
            min = Math.min(min, value);
            max = Math.max(max, value);
            sum += value;
          }
        }
        int bad = countNonFinite(output);
        int good = output.size() - bad;
        entries.add(
            new Entry(
                program.name(),
                node,
                ProgramPrinter.print(program, node),
                good == 0 ? Double.NaN : min,
                good == 0 ? Double.NaN : max,
                sum / good,
                bad,
                inputsFinite,
                nanos));
      }
    }

    Inspection build() {
      return new Inspection(entries);
    }

    private static int countNonFinite(HostTensor tensor) {
      int count = 0;
      for (int i = 0; tensor.spec().dtype() != DType.I32 && i < tensor.size(); i++) {
        count += Double.isFinite(tensor.get(i)) ? 0 : 1;
      }
      return count;
    }
  }
}
