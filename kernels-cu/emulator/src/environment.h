// Configuration from TARN_EMULATOR_* variables, messages, and fault injection.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tarn {

struct Environment {
  size_t memory = size_t(4) << 30;  // TARN_EMULATOR_MEMORY, bytes per device
  int devices = 1;                  // TARN_EMULATOR_DEVICES
  int driver_version = 12060;       // TARN_EMULATOR_DRIVER
  int arch = 90;                    // TARN_EMULATOR_ARCH, compute capability times ten
  int threads = 1;                  // TARN_EMULATOR_THREADS, default: the machine's
  int timeout_seconds = 60;         // TARN_EMULATOR_TIMEOUT_S, 0 = never
  bool guard = false;               // TARN_EMULATOR_GUARD
  bool races = false;               // TARN_EMULATOR_RACES
  std::vector<size_t> used;         // TARN_EMULATOR_USED, bytes that other processes hold
  std::string stats_file;           // TARN_EMULATOR_STATS
};

// Read once, at the first call.
const Environment &environment();

// Prints one line, "tarn-emulator: ...", on standard error.
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The name that the header gives a function: cuMemAlloc for cuMemAlloc_v2.
std::string header_name(const char *function);

// The error that TARN_EMULATOR_FAIL asks this call of the named function to fail with, or 0.
// Waits as long as TARN_EMULATOR_DELAY asks this call to.
int injected_fault(const char *function);

// Bytes of a device's memory that other processes hold.
size_t used_by_others(int device);

}  // namespace tarn
