package dev.tarn.ir;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Prints programs: {@code %7: f32[32,128] = matmul %3, %fc1.weight transpose_b // Mlp.java:31}. */
public final class ProgramPrinter {
  private final Program program;
  private final Map<Value, String> names = new HashMap<>();

  private ProgramPrinter(Program program) {
    this.program = program;
    program.inputs().forEach(input -> names.put(input.value(), "%" + input.name()));
    program.states().forEach((state, value) -> names.put(value, "%" + state.name()));
  }

  /** The program as text. */
  public static String print(Program program) {
    return new ProgramPrinter(program).text();
  }

  /** One node as it stands in a printed program, without the place it comes from. */
  public static String print(Program program, Node node) {
    return new ProgramPrinter(program).line(node);
  }

  private String text() {
    StringBuilder out = new StringBuilder("program " + program.name() + " {\n");
    for (Program.Input input : program.inputs()) {
      out.append("  input   %").append(input.name()).append(": ");
      out.append(input.value().spec()).append('\n');
    }
    program
        .states()
        .forEach((state, value) -> out.append("  state   %").append(state).append('\n'));
    for (Node node : program.body()) {
      String line = "  " + line(node);
      out.append(line);
      if (!node.origin().text().isEmpty()) {
        out.append(" ".repeat(Math.max(2, 72 - line.length())));
        out.append("// ").append(node.origin());
      }
      out.append('\n');
    }
    for (Program.Output output : program.outputs()) {
      out.append("  output  ").append(output.name()).append(" = ").append(name(output.value()));
      out.append('\n');
    }
    program
        .updates()
        .forEach(
            (state, value) ->
                out.append("  update  %")
                    .append(state.name())
                    .append(" = ")
                    .append(name(value))
                    .append('\n'));
    return out.append('}').toString();
  }

  private String line(Node node) {
    String results =
        node.outputs().stream()
            .map(value -> value + ": " + value.spec())
            .collect(Collectors.joining(", "));
    if (node.op() instanceof Fused fused && !fused.operation().equals(fused.name())) {
      return results + " = " + fused.operation() + operandsOfOne(node, fused);
    }
    String operands = node.inputs().stream().map(this::name).collect(Collectors.joining(", "));
    String line = results + " = " + node.op().name();
    line += operands.isEmpty() ? "" : " " + operands;
    return node.op().attributes().isEmpty() ? line : line + " " + node.op().attributes();
  }

  /** The operands of a tape of one function, in the function's order, as if it were a node. */
  private String operandsOfOne(Node node, Fused fused) {
    Fused.Instruction last = fused.tape().get(fused.tape().size() - 1);
    List<Fused.Instruction> operands =
        last instanceof Fused.Apply apply
            ? apply.operands().stream().map(fused.tape()::get).toList()
            : List.of(last);
    StringBuilder out = new StringBuilder();
    for (Fused.Instruction operand : operands) {
      out.append(out.isEmpty() ? " " : ", ");
      if (operand instanceof Fused.Load load) {
        out.append(name(node.inputs().get(load.input())));
      } else if (operand instanceof Fused.Immediate immediate) {
        out.append(immediate.value());
      } else if (operand instanceof Fused.Whole whole) {
        out.append(whole.value());
      } else if (operand instanceof Fused.Mask mask) {
        out.append("keep=").append(mask.op().keep());
      }
    }
    return out.toString();
  }

  private String name(Value value) {
    return names.getOrDefault(value, value.toString());
  }
}
