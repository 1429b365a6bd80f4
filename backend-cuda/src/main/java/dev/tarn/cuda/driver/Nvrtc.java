package dev.tarn.cuda.driver;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import org.jspecify.annotations.Nullable;

/** Compiles CUDA C++ at run time for the chip at hand. */
public final class Nvrtc {
  private static final int NVRTC_ERROR_COMPILATION = 6;
  private static final int REPORTED_ERRORS = 2;

  /** {@code file.cu(12): error: text} of NVRTC, {@code file.cu:12:5: error: text} of others. */
  private static final Pattern ERROR =
      Pattern.compile("(?m)^(?<file>[^\\s(:]+)[(:](?<line>\\d+)\\)?(:\\d+)?: .*error.*$");

  private Nvrtc() {}

  /** Returns NVRTC's version, such as {@code 13.0}. */
  public static String version() {
    return CudaLibraries.load().nvrtcVersion();
  }

  /**
   * Returns the compiler's target for a chip: {@code sm_XY}, machine code, if NVRTC knows the chip,
   * else {@code compute_XY} of the newest chip before it, which the driver translates.
   *
   * @throws CudaException if NVRTC knows only newer chips
   */
  public static String target(ComputeCapability capability) {
    CudaLibraries.load();
    int[] count = new int[1];
    check(JNvrtc.nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
    int[] supported = new int[count[0]];
    check(JNvrtc.nvrtcGetSupportedArchs(supported), "nvrtcGetSupportedArchs");
    return target(capability, supported, version());
  }

  static String target(ComputeCapability capability, int[] supported, String version) {
    int number = capability.number();
    int newestBefore = -1;
    for (int candidate : supported) {
      if (candidate <= number) {
        newestBefore = Math.max(newestBefore, candidate);
      }
    }
    if (newestBefore < 0) {
      throw new CudaException(
          "NVRTC "
              + version
              + " compiles for no GPU as old as compute capability "
              + capability
              + "; install CUDA 12's NVRTC and cuBLAS, or use device cpu");
    }
    return (newestBefore == number ? "sm_" : "compute_") + newestBefore;
  }

  /**
   * Compiles a source.
   *
   * @param name the source's file name, for messages
   * @param source CUDA C++ text
   * @param headers texts of the headers it includes, by the name in the include
   * @param options such as {@code -DCHANNELS=64}; the target is not among them
   * @param target from {@link #target}
   * @throws KernelCompileException if the source has errors
   * @throws CudaException if NVRTC fails otherwise
   */
  public static KernelImage compile(
      String name,
      String source,
      Map<String, String> headers,
      List<String> options,
      String target) {
    CudaLibraries.load();
    String[] includeNames = headers.keySet().toArray(new String[0]);
    String[] includes = Arrays.stream(includeNames).map(headers::get).toArray(String[]::new);
    List<String> all = new ArrayList<>(options);
    all.add("--gpu-architecture=" + target);
    nvrtcProgram program = new nvrtcProgram();
    check(
        JNvrtc.nvrtcCreateProgram(program, source, name, includes.length, includes, includeNames),
        "nvrtcCreateProgram of " + name);
    try {
      int status = JNvrtc.nvrtcCompileProgram(program, all.size(), all.toArray(new String[0]));
      if (status != 0) {
        throw compileFailure(status, name, source, headers, log(program));
      }
      return new KernelImage(name, target.startsWith("sm_") ? cubin(program) : ptx(program));
    } finally {
      JNvrtc.nvrtcDestroyProgram(program);
    }
  }

  private static byte[] cubin(nvrtcProgram program) {
    long[] size = new long[1];
    check(JNvrtc.nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
    byte[] code = new byte[Math.toIntExact(size[0])];
    check(JNvrtc.nvrtcGetCUBIN(program, code), "nvrtcGetCUBIN");
    return code;
  }

  private static byte[] ptx(nvrtcProgram program) {
    String[] text = new String[1];
    check(JNvrtc.nvrtcGetPTX(program, text), "nvrtcGetPTX");
    byte[] ascii = text[0].getBytes(StandardCharsets.US_ASCII);
    return Arrays.copyOf(ascii, ascii.length + 1);
  }

  private static String log(nvrtcProgram program) {
    String[] log = new String[1];
    boolean known = JNvrtc.nvrtcGetProgramLog(program, log) == 0 && log[0] != null;
    return known ? log[0].strip() : "";
  }

  private static CudaException compileFailure(
      int status, String name, String source, Map<String, String> headers, String log) {
    List<String> lines = new ArrayList<>();
    Matcher errors = ERROR.matcher(log);
    while (errors.find() && lines.size() < REPORTED_ERRORS) {
      String file = errors.group("file");
      String text = file.equals(name) ? source : headers.get(file);
      lines.add(errors.group() + quote(text, Integer.parseInt(errors.group("line"))));
    }
    if (lines.isEmpty()) {
      log.lines().limit(REPORTED_ERRORS).forEach(lines::add);
    }
    String what =
        status == NVRTC_ERROR_COMPILATION
            ? name + " does not compile"
            : name + " does not compile, " + JNvrtc.nvrtcGetErrorString(status);
    return new KernelCompileException(what + ": " + String.join("\n", lines), log);
  }

  private static String quote(@Nullable String text, int line) {
    if (text == null) {
      return "";
    }
    return text.lines()
        .skip(Math.max(0, line - 1L))
        .findFirst()
        .map(l -> "  in: " + l.strip())
        .orElse("");
  }

  private static void check(int status, String call) {
    if (status != 0) {
      throw new CudaException(call + ": " + JNvrtc.nvrtcGetErrorString(status));
    }
  }
}
