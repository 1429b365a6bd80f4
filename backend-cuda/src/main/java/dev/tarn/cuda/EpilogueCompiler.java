package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.cuda.TapeSource.Argument;
import dev.tarn.cuda.TapeSource.Input;
import dev.tarn.cuda.TapeSource.Output;
import dev.tarn.cuda.TapeSource.Real;
import dev.tarn.ir.Fused;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the CUDA C++ of a {@link Fused} tape that a convolution computes on its results before it
 * stores them: the text that takes the place of {@code convolution_epilogue.cuh}.
 *
 * <p>The text depends on the functions of the tape and on how operands are read, not on extents and
 * immediates, so that layers of one kind share a compiled kernel.
 */
final class EpilogueCompiler {
  /** The header whose place the text takes. */
  static final String HEADER = "convolution_epilogue.cuh";

  /** Longer tapes stay kernels of their own: the text is repeated for each result of a thread. */
  private static final int MOST_INSTRUCTIONS = 24;

  /** Operands as large as the result that a thread holds beside its sums. */
  private static final int MOST_FULL = 3;

  private static final int MOST_RESULTS = 2;

  /** How an operand is read. */
  private enum Form {
    FULL,
    CHANNEL,
    SCALAR,
    OTHER
  }

  /**
   * An epilogue.
   *
   * @param text of the header
   * @param arguments what stands in the kernel's list of arguments for it
   */
  record Source(String text, List<Argument> arguments) {
    Source {
      arguments = List.copyOf(arguments);
    }
  }

  private final Fused tape;
  private final List<Spec> inputs;
  private final int product;
  private final List<String> fields = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<Argument> arguments = new ArrayList<>();
  private final StringBuilder loads = new StringBuilder();
  private final StringBuilder registers = new StringBuilder();
  private final StringBuilder stores = new StringBuilder();

  private EpilogueCompiler(Fused tape, List<Spec> inputs, int product) {
    this.tape = tape;
    this.inputs = inputs;
    this.product = product;
  }

  /**
   * Whether a tape can be computed on the results of a convolution.
   *
   * @param inputs the specs of the tape's inputs
   * @param product which of them is the convolution's result
   */
  static boolean takes(Fused tape, List<Spec> inputs, int product) {
    Shape shape = tape.shape();
    int full = 0;
    for (Fused.Instruction instruction : tape.tape()) {
      if (instruction instanceof Fused.Mask) {
        return false;
      }
      if (instruction instanceof Fused.Load load && load.input() != product) {
        Form form = form(inputs.get(load.input()).shape(), shape);
        full += form == Form.FULL ? 1 : 0;
        if (form == Form.OTHER) {
          return false;
        }
      }
    }
    return shape.rank() == 4
        && inputs.get(product).shape().equals(shape)
        && full <= MOST_FULL
        && tape.tape().size() <= MOST_INSTRUCTIONS
        && tape.results().size() <= MOST_RESULTS;
  }

  /** The epilogue of a tape that {@link #takes} allows. */
  static Source compile(Fused tape, List<Spec> inputs, int product) {
    return new EpilogueCompiler(tape, inputs, product).compile();
  }

  private static Form form(Shape shape, Shape target) {
    if (shape.equals(target)) {
      return Form.FULL;
    }
    if (shape.size() == 1) {
      return Form.SCALAR;
    }
    Shape image = ImageLayouts.image(shape);
    boolean channels = image.size() == image.dim(1) && image.dim(1) == target.dim(1);
    return channels ? Form.CHANNEL : Form.OTHER;
  }

  private Source compile() {
    for (int i = 0; i < tape.tape().size(); i++) {
      Fused.Instruction instruction = tape.tape().get(i);
      if (instruction instanceof Fused.Load load && load.input() == product) {
        boolean rounded = inputs.get(product).dtype() == DType.BF16;
        define(i, rounded ? "round_bf16(sums[lane])" : "sums[lane]");
      } else if (instruction instanceof Fused.Load load) {
        load(i, load);
      } else if (instruction instanceof Fused.Immediate immediate) {
        field("float", "c" + i, new Real((float) immediate.value()));
        define(i, "c" + i);
      } else {
        define(i, TapeCompiler.expression(instruction));
      }
    }
    for (int i = 0; i < tape.results().size(); i++) {
      field(TapeCompiler.type(tape.types().get(i)) + " *", "out" + i, new Output(i));
      loads.append(String.format("    float y%d[kCount];%n", i));
      registers.append(String.format("      y%d[lane] = r%d;%n", i, tape.results().get(i)));
      stores.append(String.format("    store_neighbours(out%d + at, y%d);%n", i, i));
    }
    return new Source(text(), arguments);
  }

  private void load(int register, Fused.Load load) {
    Spec spec = inputs.get(load.input());
    String pointer = "in" + register;
    field("const " + TapeCompiler.type(spec.dtype()) + " *", pointer, new Input(load.input()));
    Form form = form(spec.shape(), tape.shape());
    if (form == Form.SCALAR) {
      loads.append(String.format("    const float x%d = to_float(*%s);%n", register, pointer));
      define(register, "x" + register);
      return;
    }
    loads.append(
        String.format(
            form == Form.FULL
                ? "    float x%d[kCount];%n    load_neighbours(x%d, %s + at);%n"
                : "    float x%d[kCount];%n    load_channels<kAcross>(x%d, %s, channel);%n",
            register,
            register,
            pointer));
    define(register, "x" + register + "[lane]");
  }

  private void define(int register, String expression) {
    registers.append(String.format("      const float r%d = %s;%n", register, expression));
  }

  private void field(String type, String name, Argument argument) {
    fields.add(type + (type.endsWith("*") ? "" : " ") + name);
    names.add(name);
    arguments.add(argument);
  }

  private String text() {
    return "#pragma once\n#include \"activations.cuh\"\n#include \"epilogue.cuh\"\n\n"
        + "namespace tarn {\n\nstruct Epilogue {\n  "
        + String.join(";\n  ", fields)
        + ";\n\n  template <bool kAcross, unsigned int kCount>\n"
        + "  __device__ __forceinline__ void apply(const float (&sums)[kCount],"
        + " unsigned long long at,\n"
        + "                                        unsigned int channel) const {\n"
        + loads
        + "#pragma unroll\n"
        + "    for (unsigned int lane = 0; lane < kCount; lane++) {\n"
        + registers
        + "    }\n"
        + stores
        + "  }\n};\n\n}  // namespace tarn\n\n#define TARN_EPILOGUE_PARAMETERS "
        + String.join(", ", fields)
        + "\n#define TARN_EPILOGUE tarn::Epilogue{"
        + String.join(", ", names)
        + "}\n";
  }
}
