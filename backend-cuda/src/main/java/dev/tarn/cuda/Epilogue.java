package dev.tarn.cuda;

import dev.tarn.backend.Buffer;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a kernel does with its results: it stores them, or what a tape makes of them.
 *
 * @param headers the texts that take the place of headers of the kernel, by name
 * @param arguments adds what stands in the kernel's arguments for it
 */
record Epilogue(Map<String, String> headers, Consumer<KernelStep> arguments) {

  /** A step that launches a kernel with this end. */
  KernelStep kernel(Kernels kernels, String file, String name, List<String> definitions) {
    return new KernelStep(name, kernels.of(file, name, definitions, headers));
  }

  /** What a node and the tape after it are called. */
  static String name(Node node, @Nullable Node tape) {
    return node.op().name() + (tape == null ? "" : " + " + ((Fused) tape.op()).operation());
  }

  /** Results are stored. */
  static Epilogue storing(Buffer result) {
    return new Epilogue(Map.of(), step -> step.writes(result));
  }

  /**
   * A tape is computed and its results are stored.
   *
   * @param product the kernel's result, an input of the tape's node
   */
  static Epilogue computing(Node tape, Value product, Images images) {
    return computing(tape, product, images, null);
  }

  /**
   * The same where the kernel goes on with a result of the tape.
   *
   * @param seen that result, or null
   */
  static Epilogue computing(Node tape, Value product, Images images, @Nullable Value seen) {
    EpilogueCompiler.Source source =
        EpilogueCompiler.compile(
            (Fused) tape.op(),
            tape.inputs().stream().map(Value::spec).toList(),
            tape.inputs().indexOf(product),
            seen == null ? -1 : tape.outputs().indexOf(seen));
    return new Epilogue(
        Map.of(EpilogueCompiler.HEADER, source.text()),
        step -> {
          for (TapeSource.Argument argument : source.arguments()) {
            TapeLowering.add(step, argument, tape.inputs(), tape.outputs(), images);
          }
        });
  }
}
