package dev.tarn.cpu;

import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendUnavailableException;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Program;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs programs on the CPU: matrix products by oneDNN, everything else by vectorised loops.
 *
 * <p>The number of threads is the property {@code tarn.threads}, else the environment variable
 * {@code OMP_NUM_THREADS}, else the number of physical cores. Results are the same in every run
 * with the same number of threads, processor and version of oneDNN.
 */
public final class CpuBackend implements Backend {
  private static final Logger LOG = LoggerFactory.getLogger(CpuBackend.class);

  private final Dnnl dnnl;
  private final Team team;

  /**
   * Starts the backend.
   *
   * @throws BackendUnavailableException if oneDNN does not run here, saying what to do
   */
  public CpuBackend() {
    Dnnl.load();
    int threads = threads();
    dnnl = new Dnnl();
    team = new Team(dnnl.controlsThreads() ? threads : 1, dnnl::limitThisThread);
  }

  private static int threads() {
    String text = System.getProperty("tarn.threads");
    String source = "tarn.threads";
    if (text == null) {
      text = System.getenv("OMP_NUM_THREADS");
      source = "OMP_NUM_THREADS";
    }
    if (text == null || text.isBlank()) {
      int available = Runtime.getRuntime().availableProcessors();
      int cores = cores();
      return cores > 0 ? Math.min(available, cores) : available;
    }
    if (!text.strip().matches("[1-9]\\d{0,3}")) {
      throw new BackendUnavailableException(
          "cpu: " + source + " must be a number of threads, not '" + text + "'", List.of());
    }
    return Integer.parseInt(text.strip());
  }

  private static int cores() {
    try {
      return Loader.totalCores();
    } catch (LinkageError | RuntimeException e) {
      return 0;
    }
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    String threads =
        dnnl.controlsThreads()
            ? team.size() + (team.size() == 1 ? " thread" : " threads")
            : "threads of OpenMP";
    return Dnnl.version() + ", " + threads;
  }

  @Override
  public StateStore allocate(List<? extends State> states) {
    checkOpen();
    return new CpuStateStore(states);
  }

  @Override
  public Executable compile(List<Program> programs, StateStore store, Precision precision) {
    checkOpen();
    if (!(store instanceof CpuStateStore own)) {
      throw new IllegalArgumentException("the state store belongs to another backend");
    }
    if (precision == Precision.TF32) {
      LOG.info("cpu: there is no tf32 here; products are computed in fp32, which is more exact");
    }
    return new CpuExecutable(programs, own, dnnl, team, precision);
  }

  private void checkOpen() {
    if (team.isClosed()) {
      throw new IllegalStateException("cpu: the backend is closed");
    }
  }

  @Override
  public void close() {
    team.close();
    dnnl.close();
  }
}
