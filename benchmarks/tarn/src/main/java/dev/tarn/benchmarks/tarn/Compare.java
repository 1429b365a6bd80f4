package dev.tarn.benchmarks.tarn;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compares Tarn with its peers on one machine.
 *
 * <p>All engines of a workload are warmed up and then wait; one runs at a time. A pair is a slice
 * of Tarn and at once a slice of a peer, every other time in the other order, so that whatever
 * changes on the machine changes both; the ratio is taken pair by pair.
 */
final class Compare {
  /** Cores that the system itself may use. */
  private static final double QUIET = 0.1;

  private final int threads = Runtime.getRuntime().availableProcessors();
  private final int rounds = setting("ROUNDS", 8);
  private final int starts = setting("STARTS", 5);
  private final double seconds = setting("SECONDS_EACH", 2);
  private final double warmUp = setting("WARM_UP", 5);
  private final StringBuilder table = new StringBuilder();
  private final JsonObject result = new JsonObject();

  private double disturbed;

  private Compare() {}

  /**
   * Runs the comparison in the directory {@code benchmarks}.
   *
   * @param workloads their names; without any start-up alone is measured
   */
  public static void main(String... workloads) throws IOException {
    new Compare().run(workloads);
  }

  private static int setting(String name, int otherwise) {
    String text = System.getenv(name);
    return text == null || text.isEmpty() ? otherwise : Integer.parseInt(text);
  }

  private void run(String... workloads) throws IOException {
    String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm"));
    String machine =
        cpu()
            + ", "
            + threads
            + " threads, "
            + System.getProperty("os.name")
            + ", Java "
            + Runtime.version();
    result.addProperty("date", time);
    result.addProperty("machine", machine);
    String precision = TarnEngine.precision();
    result.addProperty("precision", precision);
    result.addProperty("rounds", rounds);
    result.addProperty("seconds", seconds);
    say("%s, %s%n%n", time, machine);
    if (!precision.equals("fp32")) {
      say("Tarn computes in %s, the peers in fp32.%n%n", precision);
    }
    if (workloads.length > 0) {
      result.add("workloads", workloads(workloads));
    }
    if (disturbed > QUIET) {
      say(
          "%n**Not to be quoted:** other programs used up to %.2f cores meanwhile. Threads that spin"
              + " at barriers, as PyTorch's do, suffer most from that.%n",
          disturbed);
    }
    if (starts > 0) {
      result.add("starts", starts());
    }
    Files.createDirectories(Path.of("results"));
    String json = new GsonBuilder().setPrettyPrinting().create().toJson(result);
    Files.writeString(Path.of("results", time + ".json"), json + "\n");
    Files.writeString(Path.of("results", time + ".md"), table.toString());
    System.err.println("in benchmarks/results/" + time + ".md and .json");
  }

  private void say(String format, Object... values) {
    String text = String.format(Locale.ROOT, format, values);
    System.out.print(text);
    System.out.flush();
    table.append(text);
  }

  private static String cpu() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (Files.exists(info)) {
      for (String line : Files.readAllLines(info)) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    }
    return System.getProperty("os.arch");
  }

  private JsonArray workloads(String... names) throws IOException {
    say(
        "%d pairs of %.0f s each; samples/s are medians; the ratio is that of Tarn to the peer,"
            + " median (least to most) of the pairs.%n",
        rounds, seconds);
    say(
        "%n| workload | engine | samples/s | Tarn beside it | ratio | others, cores |%n"
            + "|---|---|---|---|---|---|%n");
    JsonArray all = new JsonArray();
    for (String name : names) {
      all.add(workload(name));
    }
    return all;
  }

  private JsonObject workload(String name) throws IOException {
    JsonObject json = new JsonObject();
    json.addProperty("workload", name);
    Map<Contender, Contender.Running> running = new LinkedHashMap<>();
    try {
      for (Contender contender : Contender.all(threads)) {
        running.put(contender, contender.start(name, threads));
      }
      List<Contender.Running> engines = List.copyOf(running.values());
      Contender.Running tarn = engines.get(0);
      for (Contender.Running engine : engines) {
        checkSame(name, tarn, engine);
        engine.measure(warmUp);
      }
      json.addProperty("parameters", tarn.parameters());
      OtherPrograms others = new OtherPrograms();
      List<Peer> peers = pairs(tarn, running);
      double cores = others.cores();
      disturbed = Math.max(disturbed, cores);
      json.addProperty("other_programs_cores", cores);
      json.add("engines", tell(name, peers, cores));
    } finally {
      for (Contender.Running engine : running.values()) {
        engine.close();
      }
    }
    return json;
  }

  /** A wrong model would be as fast as it likes. */
  private static void checkSame(String name, Contender.Running a, Contender.Running b) {
    boolean lossIsPlausible = b.loss() > 1 && b.loss() < 10;
    if (a.parameters() != b.parameters() || !lossIsPlausible) {
      throw new IllegalStateException(
          String.format(
              "%s: %s trains %d numbers with a first loss of %.3f, %s %d with %.3f",
              name,
              a.description(),
              a.parameters(),
              a.loss(),
              b.description(),
              b.parameters(),
              b.loss()));
    }
  }

  /** What was measured of a peer: in each pair Tarn's samples a second, then its own. */
  private record Peer(String name, String description, List<double[]> pairs) {}

  private List<Peer> pairs(Contender.Running tarn, Map<Contender, Contender.Running> running)
      throws IOException {
    List<Peer> peers = new ArrayList<>();
    running.forEach(
        (contender, process) -> {
          if (process != tarn) {
            peers.add(new Peer(contender.name(), process.description(), new ArrayList<>()));
          }
        });
    List<Contender.Running> engines = List.copyOf(running.values());
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < peers.size(); i++) {
        double[] pair = new double[2];
        for (int turn = 0; turn < 2; turn++) {
          int which = (round + turn) % 2;
          pair[which] = (which == 0 ? tarn : engines.get(i + 1)).measure(seconds);
        }
        peers.get(i).pairs().add(pair);
      }
    }
    return peers;
  }

  private JsonArray tell(String workload, List<Peer> peers, double others) {
    JsonArray engines = new JsonArray();
    for (Peer peer : peers) {
      double[] own = peer.pairs().stream().mapToDouble(pair -> pair[0]).toArray();
      double[] other = peer.pairs().stream().mapToDouble(pair -> pair[1]).toArray();
      double[] ratios = peer.pairs().stream().mapToDouble(p -> p[0] / p[1]).sorted().toArray();
      say(
          "| %s | %s | %,.0f | %,.0f | **%.2f** (%.2f to %.2f) | %.2f |%n",
          workload,
          peer.name(),
          median(other),
          median(own),
          median(ratios),
          ratios[0],
          ratios[ratios.length - 1],
          others);
      JsonObject json = new JsonObject();
      json.addProperty("engine", peer.name());
      json.addProperty("description", peer.description());
      json.add("tarn_samples_per_second", array(own));
      json.add("samples_per_second", array(other));
      json.addProperty("median_ratio", median(ratios));
      engines.add(json);
    }
    return engines;
  }

  /** Processes started one after another, round by round; the first round fills the caches. */
  private JsonArray starts() throws IOException {
    say(
        "%n| engine | start to end of first step of mlp-64, s | jars, MB | unpacked, MB |%n"
            + "|---|---|---|---|%n");
    List<Contender> contenders = new ArrayList<>(Contender.all(threads));
    contenders.removeIf(contender -> contender.name().contains(","));
    contenders.add(1, Contender.withArchive(threads));
    Map<Contender, double[]> times = new LinkedHashMap<>();
    for (int round = -1; round < starts; round++) {
      for (Contender contender : contenders) {
        try (Contender.Running running = contender.start("mlp-64", threads)) {
          if (round >= 0) {
            times.computeIfAbsent(contender, key -> new double[starts])[round] =
                running.startSeconds();
          }
        }
      }
    }
    JsonArray json = new JsonArray();
    for (Map.Entry<Contender, double[]> entry : times.entrySet()) {
      long[] bytes = entry.getKey().bytes();
      say(
          "| %s | %.2f | %.0f | %.0f |%n",
          entry.getKey().name(), median(entry.getValue()), bytes[0] / 1e6, bytes[1] / 1e6);
      JsonObject each = new JsonObject();
      each.addProperty("engine", entry.getKey().name());
      each.add("first_step_seconds", array(entry.getValue()));
      each.addProperty("jar_bytes", bytes[0]);
      each.addProperty("unpacked_bytes", bytes[1]);
      json.add(each);
    }
    long installed = Contender.bytes(Path.of("..", "cli", "target", "tarn"));
    say("%nTarn's command line with all of its jars is %.1f MB.%n", installed / 1e6);
    result.addProperty("command_line_bytes", installed);
    return json;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static JsonArray array(double[] values) {
    JsonArray array = new JsonArray();
    for (double value : values) {
      array.add(value);
    }
    return array;
  }
}
