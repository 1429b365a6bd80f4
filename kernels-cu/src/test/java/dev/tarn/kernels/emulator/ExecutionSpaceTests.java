package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every function of the kernels' sources says where it runs.
 *
 * <p>NVRTC takes one without {@code __device__} or {@code __global__} for a function of the host
 * and refuses the source, a constexpr too. nvcc and the emulator compile it.
 */
class ExecutionSpaceTests {
  private static final List<Path> DIRECTORIES =
      List.of(
          Path.of("src/main/cu"),
          Path.of("src/test/resources/dev/tarn/kernels/emulator"),
          Path.of("../backend-cuda/src/test/resources/dev/tarn"));

  /** What only the emulator sees; directives, with the lines that they go on in; comments. */
  private static final Pattern UNSEEN =
      Pattern.compile(
          "(?ms)^#ifdef __TARN_EMULATOR__$.*?^#(else|endif)$"
              + "|^ *#([^\\n\\\\]|\\\\.)*$"
              + "|//[^\\n]*|/\\*.*?\\*/");

  private static final Pattern SCOPE =
      Pattern.compile("(?s).*\\b(namespace|struct|class|enum|union|extern \"C\")\\b[^(]*");
  private static final Pattern ALIGNED = Pattern.compile("(?s)__align__\\(.*\\)(?=\\s+\\w+$)");
  private static final Pattern FUNCTION = Pattern.compile("(?s)[^=]*\\w\\s*\\(.*");
  private static final Pattern ANNOTATED = Pattern.compile("(?s).*__(device|global)__.*");

  @TestFactory
  Stream<DynamicTest> everyFunctionOfASourceSaysWhereItRuns() throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path directory : DIRECTORIES) {
      try (Stream<Path> all = Files.walk(directory)) {
        all.filter(f -> f.toString().matches(".*\\.cuh?")).sorted().forEach(files::add);
      }
    }
    return files.stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    file.getFileName().toString(),
                    () -> assertEquals(List.of(), unannotated(Files.readString(file)))));
  }

  @Test
  void functionsOfTheHostAreFound() {
    String source =
        """
        #define TWICE(x) \\
          int twice() { return 2 * x; }
        namespace tarn {
        constexpr int half(int a) { return a / 2; }  // half() {
        __device__ int third(int a) { if (a) { return a / 3; } return 0; }
        struct __align__(2 * sizeof(int)) Pair {
          int a, b = {};
          int sum() const { return a + b; }
          template <class T> __device__ Pair(T a) : a(a) { [&] { b = 1; }(); }
        };
        }
        #ifdef __TARN_EMULATOR__
        int twin() { return 1; }
        #endif
        extern "C" __global__ void __launch_bounds__(256) k(int *y) { for (;;) { y[0] = 1; } }
        """;
    assertEquals(List.of("constexpr int half(int a)", "int sum() const"), unannotated(source));
  }

  /** The heads of functions that are not said to run on the device. */
  private static List<String> unannotated(String source) {
    String text = UNSEEN.matcher(source).replaceAll("");
    List<String> found = new ArrayList<>();
    Deque<Boolean> scopes = new ArrayDeque<>(List.of(true));
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '{') {
        String head = ALIGNED.matcher(text.substring(start, i).strip()).replaceFirst("");
        boolean declarations = scopes.getLast();
        boolean scope = declarations && SCOPE.matcher(head).matches();
        if (declarations
            && !scope
            && FUNCTION.matcher(head).matches()
            && !ANNOTATED.matcher(head).matches()) {
          found.add(head);
        }
        scopes.addLast(scope);
      } else if (c == '}') {
        scopes.removeLast();
      }
      if (c == '{' || c == '}' || c == ';') {
        start = i + 1;
      }
    }
    return found;
  }
}
