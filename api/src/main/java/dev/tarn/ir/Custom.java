package dev.tarn.ir;

import dev.tarn.CustomOp;
import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An operation that a user wrote; what it computes is said there. */
public record Custom(CustomOp op) implements Op {
  /** The user's name after {@code custom}. */
  @Override
  public String name() {
    return "custom " + op.name();
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    @Nullable List<@Nullable Spec> outputs;
    try {
      outputs = op.infer(inputs);
    } catch (RuntimeException e) {
      throw new ShapeException(name() + ": " + reason("infer", e));
    }
    if (outputs == null) {
      throw new ShapeException(name() + ": infer gave null");
    }
    if (outputs.isEmpty()
        || outputs.stream().anyMatch(spec -> spec == null || spec.dtype() == DType.F64)) {
      throw new ShapeException(name() + ": infer must give f32 or i32 outputs, gave " + outputs);
    }
    return List.copyOf(outputs);
  }

  /**
   * Calls the user's kernel in Java.
   *
   * @param origin where the operation was recorded
   * @throws TarnException if it fails
   */
  public void run(List<HostTensor> inputs, List<HostTensor> outputs, Origin origin) {
    try {
      op.run(List.copyOf(inputs), List.copyOf(outputs));
    } catch (RuntimeException e) {
      throw failure("run", e, origin);
    }
  }

  /** What is said of an exception in one of the user's methods. */
  public TarnException failure(String method, RuntimeException e, Origin origin) {
    return new TarnException(name() + ": " + reason(method, e) + origin.suffix(), e);
  }

  /** What Tarn explained as it is, anything else with the line of the user's class. */
  private String reason(String method, RuntimeException e) {
    if (e instanceof TarnException) {
      return method + ": " + e.getMessage();
    }
    String line =
        Arrays.stream(e.getStackTrace())
            .filter(frame -> frame.getClassName().startsWith(op.getClass().getName()))
            .findFirst()
            .map(frame -> " at " + frame.getFileName() + ":" + frame.getLineNumber())
            .orElse("");
    return method + " failed: " + e + line;
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
