package dev.tarn.benchmarks.tarn;

import dev.tarn.benchmarks.engine.Server;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A framework with the settings it runs under.
 *
 * @param name what tables call it
 * @param module its directory under {@code benchmarks}
 * @param main its class
 * @param options for Java
 * @param environment for the process
 */
record Contender(
    String name,
    String module,
    String main,
    List<String> options,
    Map<String, String> environment) {
  static final String TARN = "tarn";

  /**
   * One pool of memory that is never given back: temporaries of megabytes are otherwise mapped,
   * cleared and unmapped by the kernel in every step.
   */
  private static final Map<String, String> MALLOC =
      Map.of(
          "MALLOC_ARENA_MAX", "1",
          "MALLOC_MMAP_MAX_", "0",
          "MALLOC_TRIM_THRESHOLD_", "17179869184",
          "MALLOC_TOP_PAD_", "268435456");

  /** Tarn first, then its peers, each as it comes and with malloc tuned. */
  static List<Contender> all(int threads) {
    String package0 = "dev.tarn.benchmarks.";
    List<String> djl =
        List.of(
            "-Dai.djl.offline=true",
            "-Dai.djl.pytorch.num_threads=" + threads,
            "-Dai.djl.pytorch.num_interop_threads=1");
    List<String> dl4j =
        List.of(
            "-Dorg.bytedeco.javacpp.maxbytes=8g",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=16g",
            "-Dorg.bytedeco.javacpp.cachedir=" + cache("dl4j"),
            "-Dorg.bytedeco.javacpp.platform.extension=" + (avx512() ? "-avx512" : ""));
    Map<String, String> djlCache = Map.of("DJL_CACHE_DIR", cache("djl").toString());
    Map<String, String> djlTuned = new HashMap<>(MALLOC);
    djlTuned.putAll(djlCache);
    List<String> own =
        List.of("-XX:+UseSerialGC", "-Dorg.bytedeco.javacpp.cachedir=" + cache(TARN));
    String djlMain = package0 + "djl.DjlEngine";
    String dl4jMain = package0 + "dl4j.Dl4jEngine";
    return List.of(
        new Contender(TARN, "tarn", package0 + "tarn.TarnEngine", own, Map.of()),
        new Contender("djl", "djl", djlMain, djl, djlCache),
        new Contender("djl, malloc tuned", "djl", djlMain, djl, djlTuned),
        new Contender("dl4j", "dl4j", dl4jMain, dl4j, Map.of()),
        new Contender("dl4j, malloc tuned", "dl4j", dl4jMain, dl4j, MALLOC));
  }

  /**
   * Tarn as its command line starts it: with an archive of the classes that were loaded before,
   * which a first start makes here.
   */
  static Contender withArchive(int threads) throws IOException {
    Path archive = Path.of("target", "tarn.jsa").toAbsolutePath();
    Files.createDirectories(archive.getParent());
    Files.deleteIfExists(archive);
    Contender tarn = all(threads).get(0);
    tarn.with("-XX:ArchiveClassesAtExit=" + archive).start("mlp-64", threads).close();
    return tarn.with("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off");
  }

  private Contender with(String... more) {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of(more));
    return new Contender(TARN + " with its archive of classes", module, main, all, environment);
  }

  private static boolean avx512() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo")).contains("avx512f");
    } catch (IOException e) {
      return false;
    }
  }

  private static Path cache(String name) {
    return Path.of("target", "cache", name).toAbsolutePath();
  }

  /** The bytes of its jars, and of what it unpacks on first use. */
  long[] bytes() throws IOException {
    return new long[] {bytes(Path.of(module, "target", "lib")), bytes(cache(module))};
  }

  /** The bytes of the files in a directory; 0 if there is none. */
  static long bytes(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    long sum = 0;
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file :
          files.filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS)).toList()) {
        sum += Files.size(file);
      }
    }
    return sum;
  }

  /** Starts its process, which takes its first step at once. */
  Running start(String workload, int threads) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", Path.of(module, "target", "lib") + "/*", main, workload));
    command.add("workloads");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.environment().put("OMP_NUM_THREADS", String.valueOf(threads));
    Files.createDirectories(Path.of("target"));
    Path log = Path.of("target", name.replaceAll("\\W+", "-") + ".log");
    builder.redirectError(Redirect.to(log.toFile()));
    long begin = System.nanoTime();
    Process process = builder.start();
    Running running = new Running(this, process, log);
    running.hello = running.answer();
    running.startSeconds = (System.nanoTime() - begin) / 1e9;
    return running;
  }

  /** A process that waits to measure. */
  static final class Running implements AutoCloseable {
    private final Contender contender;
    private final Process process;
    private final Path log;
    private final BufferedReader in;
    private final BufferedWriter out;
    private String hello = "";
    private double startSeconds;

    private Running(Contender contender, Process process, Path log) {
      this.contender = contender;
      this.process = process;
      this.log = log;
      this.in = process.inputReader(StandardCharsets.UTF_8);
      this.out = process.outputWriter(StandardCharsets.UTF_8);
    }

    private String answer() throws IOException {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith(Server.MARK)) {
          return line.substring(Server.MARK.length());
        }
      }
      process.destroyForcibly();
      throw new IOException(contender.name + " ended; what it said is in benchmarks/" + log);
    }

    /** Seconds from the start of the process to the end of its first step. */
    double startSeconds() {
      return startSeconds;
    }

    /** How many numbers it trains. */
    long parameters() {
      return Long.parseLong(hello.split("\\|", 3)[0]);
    }

    /** The loss of its first step. */
    double loss() {
      return Double.parseDouble(hello.split("\\|", 3)[1]);
    }

    /** The framework, and its version where it tells. */
    String description() {
      return hello.split("\\|", 3)[2];
    }

    /** Samples a second, measured for so long. */
    double measure(double seconds) throws IOException {
      out.write(seconds + "\n");
      out.flush();
      return Double.parseDouble(answer());
    }

    @Override
    public void close() throws IOException {
      out.close();
      try {
        process.waitFor();
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
