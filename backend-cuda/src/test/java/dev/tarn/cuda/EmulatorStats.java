package dev.tarn.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the emulator has counted since the process began; see its README for the file. */
record EmulatorStats(
    long launchesOutsideGraphs,
    long graphLaunches,
    long kernelsRun,
    long gemmsOutsideGraphs,
    long allocations,
    long bytesInUse,
    long peakBytes,
    long uploadsOutsideGraphs,
    long downloadsOutsideGraphs) {

  /** The counters now. */
  static EmulatorStats now() {
    try {
      ByteBuffer file =
          ByteBuffer.wrap(Files.readAllBytes(Path.of(System.getenv("TARN_EMULATOR_STATS"))))
              .order(ByteOrder.LITTLE_ENDIAN);
      return new EmulatorStats(
          file.getLong(),
          file.getLong(),
          file.getLong(),
          file.getLong(),
          file.getLong(),
          file.getLong(),
          file.getLong(),
          file.getLong(),
          file.getLong());
    } catch (IOException e) {
      throw new IllegalStateException("the emulator wrote no counters", e);
    }
  }

  /** What was counted since an earlier time; bytes as they are now. */
  EmulatorStats since(EmulatorStats earlier) {
    return new EmulatorStats(
        launchesOutsideGraphs - earlier.launchesOutsideGraphs,
        graphLaunches - earlier.graphLaunches,
        kernelsRun - earlier.kernelsRun,
        gemmsOutsideGraphs - earlier.gemmsOutsideGraphs,
        allocations - earlier.allocations,
        bytesInUse,
        peakBytes,
        uploadsOutsideGraphs - earlier.uploadsOutsideGraphs,
        downloadsOutsideGraphs - earlier.downloadsOutsideGraphs);
  }
}
