#include "stats.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "environment.h"

namespace tarn {
namespace {
uint64_t private_counters[COUNTERS];
uint64_t *counters = private_counters;
}  // namespace

void open_stats() {
  std::string name = environment().stats_file;
  if (name.empty() || counters != private_counters) return;
  int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  // The descriptor stays open, and the file locked, for the life of the process: a second process
  // that was given the same name writes beside it.
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    name += "." + std::to_string(getpid());
    fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  }
  size_t bytes = COUNTERS * sizeof(uint64_t);
  void *memory = MAP_FAILED;
  if (fd >= 0 && ftruncate(fd, off_t(bytes)) == 0) {
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (memory == MAP_FAILED) {
    report("cannot write TARN_EMULATOR_STATS file %s: %s", name.c_str(), strerror(errno));
    return;
  }
  memcpy(memory, private_counters, bytes);
  counters = static_cast<uint64_t *>(memory);
}

void count(Counter counter, int64_t amount) {
  __atomic_fetch_add(&counters[counter], uint64_t(amount), __ATOMIC_RELAXED);
}

void raise_peak() {
  uint64_t used = __atomic_load_n(&counters[BYTES_IN_USE], __ATOMIC_RELAXED);
  uint64_t peak = __atomic_load_n(&counters[PEAK_BYTES], __ATOMIC_RELAXED);
  while (peak < used && !__atomic_compare_exchange_n(&counters[PEAK_BYTES], &peak, used, false,
                                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

}  // namespace tarn
