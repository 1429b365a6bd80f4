#include "environment.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <thread>

namespace tarn {
namespace {

long number(const char *variable, long fallback) {
  const char *text = getenv(variable);
  if (!text || !*text) return fallback;
  char *end;
  long value = strtol(text, &end, 10);
  if (*end || value < 0) {
    report("%s=%s is not a number of 0 or more, using %ld", variable, text, fallback);
    return fallback;
  }
  return value;
}

Environment read_environment() {
  Environment e;
  e.memory = size_t(number("TARN_EMULATOR_MEMORY", long(e.memory)));
  e.devices = int(number("TARN_EMULATOR_DEVICES", e.devices));
  e.driver_version = int(number("TARN_EMULATOR_DRIVER", e.driver_version));
  e.arch = int(number("TARN_EMULATOR_ARCH", e.arch));
  e.threads = int(number("TARN_EMULATOR_THREADS", long(std::thread::hardware_concurrency())));
  if (e.threads < 1) e.threads = 1;
  e.timeout_seconds = int(number("TARN_EMULATOR_TIMEOUT_S", e.timeout_seconds));
  e.guard = number("TARN_EMULATOR_GUARD", 0) != 0;
  if (const char *file = getenv("TARN_EMULATOR_STATS")) e.stats_file = file;
  return e;
}

struct Fault {
  std::string function;
  long nth;
  int code;
  std::atomic<long> calls{0};
};

// TARN_EMULATOR_FAIL=function:nth:code, several separated by commas.
std::deque<Fault> read_faults() {
  std::deque<Fault> faults;
  const char *text = getenv("TARN_EMULATOR_FAIL");
  while (text && *text) {
    char name[64];
    long nth;
    int code, length = 0;
    if (sscanf(text, "%63[^:]:%ld:%d%n", name, &nth, &code, &length) != 3) {
      report("TARN_EMULATOR_FAIL: cannot read \"%s\", expected function:nth:code", text);
      break;
    }
    Fault &fault = faults.emplace_back();
    fault.function = name;
    fault.nth = nth;
    fault.code = code;
    text += length;
    if (*text == ',') text++;
  }
  return faults;
}

}  // namespace

const Environment &environment() {
  static const Environment e = read_environment();
  return e;
}

void report(const char *format, ...) {
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  fprintf(stderr, "tarn-emulator: %s\n", line);
  fflush(stderr);
}

std::string header_name(const char *function) {
  std::string name = function;
  size_t suffix = name.size() > 3 ? name.size() - 3 : 0;
  return name.compare(suffix, 2, "_v") == 0 ? name.substr(0, suffix) : name;
}

int injected_fault(const char *function) {
  static std::deque<Fault> faults = read_faults();
  if (faults.empty()) return 0;
  std::string name = header_name(function);
  for (Fault &fault : faults) {
    if (fault.function == name && ++fault.calls == fault.nth) return fault.code;
  }
  return 0;
}

}  // namespace tarn
