// Live counters, readable by another part of the process through the file TARN_EMULATOR_STATS.
#pragma once

#include <cstdint>

namespace tarn {

// The order is the file's: little-endian unsigned 64-bit values from offset 0.
enum Counter {
  LAUNCHES_OUTSIDE_GRAPHS,
  GRAPH_LAUNCHES,
  KERNELS_RUN,
  GEMMS_OUTSIDE_GRAPHS,
  ALLOCATIONS,
  BYTES_IN_USE,
  PEAK_BYTES,
  H2D_COPIES_OUTSIDE_GRAPHS,
  D2H_COPIES_OUTSIDE_GRAPHS,
  COUNTERS
};

// Creates the file, if one is asked for; before this the counters are private memory.
void open_stats();
void count(Counter counter, int64_t amount = 1);
// Sets PEAK_BYTES to BYTES_IN_USE if that is more.
void raise_peak();

}  // namespace tarn
