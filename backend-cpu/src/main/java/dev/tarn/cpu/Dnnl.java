package dev.tarn.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.TarnException;
import dev.tarn.backend.BackendUnavailableException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/** The oneDNN library: loading, engine and streams, threads, and the check of what calls return. */
final class Dnnl implements AutoCloseable {
  private static @Nullable BackendUnavailableException refused;

  private final dnnl_engine engine;
  private final List<dnnl_stream> streams = new ArrayList<>();
  private final OpenMp openMp;

  /**
   * Loads the library, once; the first thread does it and others wait.
   *
   * <p>It comes before all else of JavaCPP: of two threads that initialise its classes, each may
   * wait for a lock that the other has.
   *
   * @throws BackendUnavailableException if there is none for this platform or it does not load
   */
  static synchronized void load() {
    if (refused != null) {
      // Java tells the cause only once.
      throw refused;
    }
    try {
      Loader.load(dnnl.class);
    } catch (LinkageError | RuntimeException e) {
      refused =
          new BackendUnavailableException(
              "cpu: oneDNN does not load on "
                  + Loader.getPlatform()
                  + " ("
                  + firstLine(e)
                  + ");\nadd org.bytedeco:dnnl, javacpp and opencl with the classifier of this"
                  + " platform, or use the backend `reference`",
              List.of("java.class.path = " + System.getProperty("java.class.path"), "cause: " + e));
      throw refused;
    }
  }

  /** Starts the library, which has been loaded. */
  Dnnl() {
    engine = new dnnl_engine();
    openMp = new OpenMp();
    check(dnnl_engine_create(engine, dnnl_cpu, 0), "cpu engine");
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
  }

  /**
   * Whether calls of oneDNN can be kept on their calling thread: if not, it has its own team of
   * threads, and ours must have one.
   */
  boolean controlsThreads() {
    return openMp.available() || dnnl_version().cpu_runtime() == DNNL_RUNTIME_SEQ;
  }

  /** Makes oneDNN run on the calling thread only, from now on, when it is called from it. */
  void limitThisThread() {
    openMp.limitThisThread();
  }

  /** Whether the processor has instructions for products of bf16: AVX512_BF16 or AMX. */
  static boolean multipliesBf16() {
    int needed = dnnl_cpu_isa_avx512_core_bf16;
    return (dnnl_get_effective_cpu_isa() & needed) == needed;
  }

  /** Channels in a vector register of convolutions; 0 where they work plane by plane. */
  static int channelsInRegister() {
    int isa = dnnl_get_effective_cpu_isa();
    if ((isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core) {
      return 16;
    }
    return (isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2 ? 8 : 0;
  }

  /** The engine. */
  dnnl_engine engine() {
    return engine;
  }

  /** The stream of a part; parts must not share one. */
  synchronized dnnl_stream stream(int part) {
    while (streams.size() <= part) {
      dnnl_stream stream = new dnnl_stream();
      check(dnnl_stream_create(stream, engine, dnnl_stream_in_order), "cpu stream");
      streams.add(stream);
    }
    return streams.get(part);
  }

  /** Version and instruction set, for reports. */
  static String version() {
    dnnl_version_t version = dnnl_version();
    int isa = dnnl_get_effective_cpu_isa();
    return "oneDNN "
        + version.major()
        + "."
        + version.minor()
        + "."
        + version.patch()
        + ", isa "
        + isaName(isa);
  }

  private static String isaName(int isa) {
    if (isa == dnnl_cpu_isa_avx512_core_amx_fp16) {
      return "avx512_core_amx_fp16";
    } else if (isa == dnnl_cpu_isa_avx512_core_amx) {
      return "avx512_core_amx";
    } else if (isa == dnnl_cpu_isa_avx512_core_bf16) {
      return "avx512_core_bf16";
    } else if (isa == dnnl_cpu_isa_avx512_core_vnni) {
      return "avx512_core_vnni";
    } else if (isa == dnnl_cpu_isa_avx512_core) {
      return "avx512_core";
    } else if (isa == dnnl_cpu_isa_avx2_vnni) {
      return "avx2_vnni";
    } else if (isa == dnnl_cpu_isa_avx2) {
      return "avx2";
    } else if (isa == dnnl_cpu_isa_avx) {
      return "avx";
    } else if (isa == dnnl_cpu_isa_sse41) {
      return "sse41";
    }
    return "0x" + Integer.toHexString(isa);
  }

  /**
   * Checks what a call returned.
   *
   * @param what the operation, for the message
   * @throws TarnException if it failed
   */
  static void check(int status, String what) {
    if (status == dnnl_success) {
      return;
    }
    String reason =
        status == dnnl_out_of_memory
            ? "out of memory; use a smaller batch or model"
            : status == dnnl_unimplemented ? "not implemented for this operation" : "failed";
    throw new TarnException(what + ": oneDNN: " + reason + " (status " + status + ")");
  }

  @Override
  public void close() {
    for (dnnl_stream stream : streams) {
      dnnl_stream_destroy(stream);
    }
    streams.clear();
    dnnl_engine_destroy(engine);
  }
}
