package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.backend.ImageOrder;
import dev.tarn.cuda.TapeSource.Argument;
import dev.tarn.cuda.TapeSource.Input;
import dev.tarn.cuda.TapeSource.Output;
import dev.tarn.cuda.TapeSource.Real;
import dev.tarn.cuda.TapeSource.Whole;
import dev.tarn.ir.Fused;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes the CUDA C++ of a {@link Fused} tape that another kernel computes on its results before it
 * stores them: the text that takes the place of {@code epilogue.cuh}.
 *
 * <p>In place of operands of rows that do not exist the first are read: without a branch, which
 * would wait for what is loaded in it, the loads of several rows are under way together.
 *
 * <p>The text depends on the functions of the tape and on how operands are read, not on extents and
 * immediates, so that layers of one kind share a compiled kernel.
 */
final class EpilogueCompiler {
  /** The header whose place the text takes. */
  static final String HEADER = "epilogue.cuh";

  /** Longer tapes stay kernels of their own: the text is repeated for each result of a thread. */
  private static final int MOST_INSTRUCTIONS = 24;

  /** Operands as large as the result that a thread holds beside its sums. */
  private static final int MOST_FULL = 3;

  private static final int MOST_RESULTS = 2;

  /**
   * Of so many rows a thread loads such an operand together; of half of them where they have 8
   * results: with more, the convolutions on tensor cores exceed 128 registers.
   */
  private static final int MOST_ROWS = 4;

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
  private final boolean[] whole;
  private final int product;
  private final int seen;
  private final List<String> fields = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<Argument> arguments = new ArrayList<>();
  private final StringBuilder scalars = new StringBuilder();
  private final StringBuilder arrays = new StringBuilder();
  private final StringBuilder loads = new StringBuilder();
  private final StringBuilder registers = new StringBuilder();
  private final StringBuilder stores = new StringBuilder();

  private EpilogueCompiler(Fused tape, List<Spec> inputs, int product, int seen) {
    this.tape = tape;
    this.inputs = inputs;
    this.whole = tape.wholes(inputs);
    this.product = product;
    this.seen = seen;
  }

  /**
   * Whether a tape can be computed on the results of another kernel.
   *
   * @param inputs the specs of the tape's inputs
   * @param product which of them is that result
   */
  static boolean takes(Fused tape, List<Spec> inputs, int product) {
    Shape shape = tape.shape();
    int full = 0;
    for (Fused.Instruction instruction : tape.tape()) {
      if (instruction instanceof Fused.Mask) {
        return false;
      }
      if (instruction instanceof Fused.Load load && load.input() != product) {
        Spec spec = inputs.get(load.input());
        Form form = form(spec.shape(), shape);
        full += form == Form.FULL ? 1 : 0;
        if (form == Form.OTHER || (form != Form.SCALAR && !spec.dtype().isFloat())) {
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

  /**
   * The epilogue of a tape that {@link #takes} allows.
   *
   * @param seen which of the results the kernel goes on with, or -1
   */
  static Source compile(Fused tape, List<Spec> inputs, int product, int seen) {
    return new EpilogueCompiler(tape, inputs, product, seen).compile();
  }

  private static Form form(Shape shape, Shape target) {
    if (shape.equals(target)) {
      return Form.FULL;
    }
    if (shape.size() == 1) {
      return Form.SCALAR;
    }
    Shape image = ImageOrder.image(shape);
    boolean channels = image.size() == image.dim(1) && image.dim(1) == target.dim(1);
    return channels ? Form.CHANNEL : Form.OTHER;
  }

  private Source compile() {
    for (int i = 0; i < tape.tape().size(); i++) {
      Fused.Instruction instruction = tape.tape().get(i);
      if (instruction instanceof Fused.Load load && load.input() == product) {
        boolean rounded = inputs.get(product).dtype() == DType.BF16;
        define(i, rounded ? "round_bf16(sums[i][lane])" : "sums[i][lane]");
      } else if (instruction instanceof Fused.Load load) {
        load(i, load);
      } else if (instruction instanceof Fused.Immediate immediate) {
        field("float", "c" + i, new Real((float) immediate.value()));
        define(i, "c" + i);
      } else if (instruction instanceof Fused.Whole number) {
        field("int", "c" + i, new Whole(number.value()));
        define(i, "c" + i);
      } else {
        define(i, TapeCompiler.expression(instruction));
      }
    }
    for (int i = 0; i < tape.results().size(); i++) {
      field(TapeCompiler.type(tape.types().get(i)) + " *", "out" + i, new Output(i));
      boolean rounded = i == seen && tape.types().get(i) == DType.BF16;
      registers.append(
          String.format(
              rounded ? "          y%d[lane] = round_bf16(r%d);%n" : "          y%d[lane] = r%d;%n",
              i,
              tape.results().get(i)));
      stores.append(String.format("        store_neighbours(out%d + at[i], y%d);%n", i, i));
      if (i == seen) {
        stores.append(String.format("        seen(i, y%d);%n", i));
      }
    }
    return new Source(text(), arguments);
  }

  private void load(int register, Fused.Load load) {
    Spec spec = inputs.get(load.input());
    String pointer = "in" + register;
    String type = whole[register] ? "int" : TapeCompiler.type(spec.dtype());
    field("const " + type + " *", pointer, new Input(load.input()));
    Form form = form(spec.shape(), tape.shape());
    if (form == Form.SCALAR) {
      String value = whole[register] ? "int x%d = *%s" : "float x%d = to_float(*%s)";
      scalars.append(String.format("    const " + value + ";%n", register, pointer));
      define(register, "x" + register);
      return;
    }
    arrays.append(String.format("      float x%d[kTogether][kCount];%n", register));
    String target = "x" + register + "[i - first]";
    loads.append(
        form == Form.FULL
            ? String.format(
                "        load_neighbours(%s, %s + (exist >> i & 1 ? at[i] : 0));%n",
                target, pointer)
            : String.format(
                "        load_channels<kAcross>(%s, %s, exist >> i & 1 ? channels[i] : 0);%n",
                target, pointer));
    define(register, target + "[lane]");
  }

  private void define(int register, String expression) {
    String type = whole[register] ? "int" : "float";
    registers.append(String.format("          const %s r%d = %s;%n", type, register, expression));
  }

  private void field(String type, String name, Argument argument) {
    fields.add(type + (type.endsWith("*") ? "" : " ") + name);
    names.add(name);
    arguments.add(argument);
  }

  /** Rows whose operands are loaded together, before any of them is stored. */
  private int together() {
    int full = 0;
    for (Fused.Instruction instruction : tape.tape()) {
      full += isFull(instruction) ? 1 : 0;
    }
    return MOST_ROWS / Math.max(1, Integer.highestOneBit(full));
  }

  private boolean isFull(Fused.Instruction instruction) {
    return instruction instanceof Fused.Load load
        && load.input() != product
        && form(inputs.get(load.input()).shape(), tape.shape()) == Form.FULL;
  }

  private String text() {
    int many = together();
    String declared =
        IntStream.range(0, tape.results().size())
            .mapToObj(i -> String.format("        float y%d[kCount];%n", i))
            .collect(Collectors.joining());
    return """
        #pragma once
        #include "activations.cuh"
        #include "neighbours.cuh"

        namespace tarn {

        struct Epilogue {
          @fields;

          template <bool kAcross, unsigned int kRows, unsigned int kCount, class Index,
                    class Seen = Unseen>
          __device__ __forceinline__ void apply(const float (&sums)[kRows][kCount],
                                                const Index (&at)[kRows],
                                                const unsigned int (&channels)[kRows],
                                                unsigned int exist,
                                                const Seen &@seen = Seen{}) const {
            constexpr unsigned int kMost = kCount > 4 ? @few : @many;
            constexpr unsigned int kTogether = kRows < kMost ? kRows : kMost;
        @scalars#pragma unroll
            for (unsigned int first = 0; first < kRows; first += kTogether) {
        @arrays#pragma unroll
              for (unsigned int i = first; i < first + kTogether; i++) {
        @loads      }
        #pragma unroll
              for (unsigned int i = first; i < first + kTogether; i++) {
                if (!(exist >> i & 1)) continue;
        @results#pragma unroll
                for (unsigned int lane = 0; lane < kCount; lane++) {
        @registers        }
        @stores      }
            }
          }
        };

        }  // namespace tarn

        #define TARN_EPILOGUE_PARAMETERS @parameters
        #define TARN_EPILOGUE tarn::Epilogue{@names}
        """
        .replace("@seen", seen < 0 ? "" : "seen")
        .replace("@fields", String.join(";\n  ", fields))
        .replace("@few", Integer.toString(many / 2))
        .replace("@many", Integer.toString(many))
        .replace("@scalars", scalars)
        .replace("@arrays", arrays)
        .replace("@loads", loads)
        .replace("@results", declared)
        .replace("@registers", registers)
        .replace("@stores", stores)
        .replace("@parameters", String.join(", ", fields))
        .replace("@names", String.join(", ", names));
  }
}
