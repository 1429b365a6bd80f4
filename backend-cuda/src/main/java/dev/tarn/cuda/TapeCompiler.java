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
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Fused;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes the CUDA C++ of a {@link Fused} tape.
 *
 * <p>A thread loads its elements of every operand, computes the tape on each of them with the
 * functions of {@code activations.cuh}, and stores the results. It has four elements, or eight if
 * any operand or result is bf16, so that it moves 16 bytes at a time. A kernel that also
 * {@linkplain TapeSum sums} a result computes the tape for element after element.
 */
final class TapeCompiler {
  private static final String PLACEHOLDER = "KERNEL_NAME";

  private final Fused tape;
  private final List<Spec> inputs;
  private final boolean[] whole;
  private final boolean last;
  private final TapeSums.@Nullable Sum sum;
  private final int width;
  private final List<String> parameters = new ArrayList<>();
  private final List<Argument> arguments = new ArrayList<>();
  private final StringBuilder loads = new StringBuilder();
  private final StringBuilder registers = new StringBuilder();
  private final StringBuilder results = new StringBuilder();
  private final StringBuilder stores = new StringBuilder();

  private TapeCompiler(Fused tape, List<Spec> inputs, boolean last, TapeSums.@Nullable Sum sum) {
    this.tape = tape;
    this.inputs = inputs;
    this.whole = tape.wholes(inputs);
    this.last = last;
    this.sum = sum;
    this.width = width(tape, inputs);
  }

  /** How many elements a thread computes together. */
  static int width(Fused tape, List<Spec> inputs) {
    boolean narrow =
        tape.types().contains(DType.BF16)
            || inputs.stream().anyMatch(input -> input.dtype() == DType.BF16);
    return narrow ? 8 : 4;
  }

  /**
   * The kernel of a tape.
   *
   * @param inputs the specs of the node's inputs
   * @param last whether images lie with their channels last
   */
  static TapeSource compile(Fused tape, List<Spec> inputs, boolean last) {
    return compile(tape, inputs, last, null);
  }

  /**
   * The kernel of a tape.
   *
   * @param sum what it sums, or null. Then it takes more arguments than the source names: the sums,
   *     {@code reduced}, {@code inner} and {@code chunk} for columns, or {@code parts}, {@code
   *     reduced}, {@code chunk} and {@code chunks} for rows
   */
  static TapeSource compile(
      Fused tape, List<Spec> inputs, boolean last, TapeSums.@Nullable Sum sum) {
    return new TapeCompiler(tape, inputs, last, sum).compile();
  }

  private TapeSource compile() {
    int elements = tape.shape().intSize();
    if (sum == null) {
      parameter("unsigned int n", new Whole(elements));
    }
    for (int i = 0; i < tape.tape().size(); i++) {
      Fused.Instruction instruction = tape.tape().get(i);
      if (instruction instanceof Fused.Load load) {
        load(i, load);
      } else if (instruction instanceof Fused.Immediate immediate) {
        parameter("float c" + i, new Real((float) immediate.value()));
        define(i, "float", "c" + i);
      } else if (instruction instanceof Fused.Whole number) {
        parameter("int c" + i, new Whole(number.value()));
        define(i, "int", "c" + i);
      } else if (instruction instanceof Fused.Mask mask) {
        mask(i, mask);
      } else {
        define(i, "float", expression(instruction));
      }
    }
    for (int i = 0; i < tape.results().size(); i++) {
      loads.append(String.format("  float y%d[%d];%n", i, width));
      results.append(String.format("    y%d[lane] = r%d;%n", i, tape.results().get(i)));
      if (sum == null || sum.result() != i || sum.stored()) {
        parameter(type(tape.types().get(i)) + " *out" + i, new Output(i));
        stores.append(String.format("  tarn::store(out%d, y%d, base, count);%n", i, i));
      }
    }
    String text = text();
    String name = "tape_" + hash(text);
    return new TapeSource(
        name,
        text.replace(PLACEHOLDER, name),
        sum == null ? batch().replace(PLACEHOLDER, name) : "",
        List.copyOf(arguments),
        elements,
        width);
  }

  private void load(int register, Fused.Load load) {
    Spec spec = inputs.get(load.input());
    Operand operand = Operand.of(lying(spec.shape()), lying(tape.shape()), width);
    String type = whole[register] ? "int" : "float";
    String pointer = "in" + register;
    String stored = whole[register] ? "int" : type(spec.dtype());
    parameter("const " + stored + " *" + pointer, new Input(load.input()));
    List<String> numbers = new ArrayList<>();
    for (int number : operand.numbers()) {
      String name = pointer + "_" + numbers.size();
      parameter("unsigned int " + name, new Whole(number));
      numbers.add(name);
    }
    String rest = String.join(", ", numbers);
    if (operand.form() == Operand.Form.GENERAL) {
      rest = "{" + rest + "}";
    }
    loads.append(
        String.format(
            "  %s x%d[%d];%n  tarn::%s(x%d, %s, base, count%s);%n",
            type,
            register,
            width,
            operand.form().function(),
            register,
            pointer,
            rest.isEmpty() ? "" : ", " + rest));
    define(register, type, "x" + register + "[lane]");
  }

  /** A shape in the order in which elements lie. */
  private Shape lying(Shape shape) {
    return last ? ImageOrder.order(shape) : shape;
  }

  /** The type of elements in CUDA C++. */
  static String type(DType type) {
    return type == DType.BF16 ? "tarn::Bf16" : "float";
  }

  private void mask(int register, Fused.Mask mask) {
    String prefix = "m" + register + "_";
    long stream = mask.op().stream();
    parameter("const int *" + prefix + "seed", new Input(mask.seed()));
    parameter("const int *" + prefix + "step", new Input(mask.step()));
    parameter("unsigned int " + prefix + "low", new Whole((int) stream));
    parameter("unsigned int " + prefix + "high", new Whole((int) (stream >>> 32)));
    parameter("unsigned int " + prefix + "threshold", new Whole(mask.op().threshold()));
    parameter("float " + prefix + "scale", new Real(1 / mask.op().keep()));
    String from = "base / 4";
    if (last) {
      parameter("unsigned int " + prefix + "channels", new Whole(tape.shape().dim(1)));
      int plane = tape.shape().dim(2) * tape.shape().dim(3);
      parameter("unsigned int " + prefix + "plane", new Whole(plane));
      from = String.format("base, %schannels, %splane", prefix, prefix);
    }
    loads.append(
        String.format(
            "  float x%d[%d];%n  tarn::dropout_mask(x%d, %sseed, %sstep, %s, %slow, %shigh,"
                + " %sthreshold, %sscale);%n",
            register, width, register, prefix, prefix, from, prefix, prefix, prefix, prefix));
    define(register, "float", "x" + register + "[lane]");
  }

  /** What a function of registers computes. */
  static String expression(Fused.Instruction instruction) {
    if (instruction instanceof Fused.Round round) {
      return "tarn::round_bf16(r" + round.operand() + ")";
    }
    Fused.Apply apply = (Fused.Apply) instruction;
    String operands =
        apply.operands().stream().map(operand -> "r" + operand).collect(Collectors.joining(", "));
    return "tarn::" + new Elementwise(apply.kind()).name() + "(" + operands + ")";
  }

  private void define(int register, String type, String expression) {
    registers.append(String.format("    const %s r%d = %s;%n", type, register, expression));
  }

  private void parameter(String declaration, Argument argument) {
    parameters.add(declaration);
    arguments.add(argument);
  }

  private String text() {
    return sum == null
        ? global("", String.join(", ", parameters), TapeSource.MAX_BLOCK) + elements("blockIdx.x")
        : global("", String.join(", ", parameters) + numbers(sum), TapeSum.THREADS) + summing(sum);
  }

  /** The same where each block finds its arguments in a table; see {@link BatchStep}. */
  private String batch() {
    StringBuilder fields = new StringBuilder();
    StringBuilder locals = new StringBuilder();
    for (String parameter : parameters) {
      String name = parameter.substring(parameter.lastIndexOf(' ') + 1).replace("*", "");
      fields.append(String.format("  alignas(8) %s;%n", parameter));
      locals.append(String.format("  %s = arguments.%s;%n", parameter, name));
    }
    String table = "const unsigned int *owners, const " + PLACEHOLDER + "_arguments *table";
    return "struct "
        + PLACEHOLDER
        + "_arguments {\n  unsigned long long first_block;\n"
        + fields
        + "};\n"
        + global("_batch", table, TapeSource.MAX_BLOCK)
        + "  const "
        + PLACEHOLDER
        + "_arguments &arguments = table[owners[blockIdx.x]];\n"
        + locals
        + elements("(blockIdx.x - (unsigned int)arguments.first_block)");
  }

  private static String global(String suffix, String parameters, int threads) {
    return String.format(
        "extern \"C\" __global__ void __launch_bounds__(%d)%n    %s%s(%s) {%n",
        threads, PLACEHOLDER, suffix, parameters);
  }

  /** Four or eight elements. */
  private String elements(String block) {
    return String.format(
            "  const unsigned int base = %d * (%s * blockDim.x + threadIdx.x);%n", width, block)
        + "  if (base >= n) return;\n"
        + String.format("  const unsigned int count = min(%du, n - base);%n", width)
        + computation()
        + "}\n";
  }

  /** All elements of columns or rows, and their sums. */
  private String summing(TapeSums.Sum summed) {
    boolean rounded = tape.types().get(summed.result()) == DType.BF16;
    String element = "y" + summed.result() + "[lane]";
    String numbers = numbers(summed).replace("float *", "").replace("unsigned int ", "");
    return String.format(
            "  tarn::%s<%d>(%s, [&](unsigned int base, float (&total)[%d]) {%n",
            summed.how().columns() ? "sum_columns" : "sum_rows", width, numbers.substring(2), width)
        + String.format("  const unsigned int count = %d;%n", width)
        + computation()
        + "#pragma unroll\n"
        + String.format(
            "  for (unsigned int lane = 0; lane < %d; lane++) total[lane] += %s;%n",
            width, rounded ? "tarn::round_bf16(" + element + ")" : element)
        + "  });\n}\n";
  }

  private static String numbers(TapeSums.Sum summed) {
    return summed.how().columns()
        ? ", float *sums, unsigned int reduced, unsigned int inner, unsigned int chunk"
        : ", float *sums, unsigned int parts, unsigned int reduced, unsigned int chunk,"
            + " unsigned int chunks";
  }

  private String computation() {
    return loads
        + "#pragma unroll\n"
        + String.format("  for (unsigned int lane = 0; lane < %d; lane++) {%n", width)
        + registers
        + results
        + "  }\n"
        + stores;
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8).toLowerCase(Locale.ROOT);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
