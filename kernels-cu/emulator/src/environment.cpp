#include "environment.h"

#include <algorithm>
#include <atomic>
#include <chrono>
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

// What is to happen in the nth call of a function: an error's code, or a wait in milliseconds.
struct Event {
  std::string function;
  long nth;
  int value;
  bool lasting;
  std::atomic<long> calls{0};

  bool due(const std::string &name) { return function == name && ++calls == nth; }
};

// Reads VARIABLE=function:nth:value, several separated by commas; with "nth+" the event lasts.
std::deque<Event> read_events(const char *variable) {
  std::deque<Event> events;
  const char *text = getenv(variable);
  while (text && *text) {
    char name[64], plus[2] = "";
    long nth;
    int value, length = 0;
    if (sscanf(text, "%63[^:]:%ld:%d%n", name, &nth, &value, &length) != 3 &&
        sscanf(text, "%63[^:]:%ld%1[+]:%d%n", name, &nth, plus, &value, &length) != 4) {
      report("%s: cannot read \"%s\", expected function:nth:number", variable, text);
      break;
    }
    Event &event = events.emplace_back();
    event.function = name;
    event.nth = nth;
    event.value = value;
    event.lasting = *plus != 0;
    text += length;
    if (*text == ',') text++;
  }
  return events;
}

std::atomic<int> lost{0};  // the code that every call answers once the device is gone

constexpr int CUBLAS_STATUS_EXECUTION_FAILED = 13;

// The answer of a function when the device is gone; compiling needs no device.
int lost_device(const std::string &name) {
  if (name.compare(0, 5, "nvrtc") == 0) return 0;
  return name.compare(0, 6, "cublas") == 0 ? CUBLAS_STATUS_EXECUTION_FAILED : lost.load();
}

void wait_if_due(std::deque<Event> &delays, const std::string &name) {
  for (Event &delay : delays) {
    if (!delay.due(name)) continue;
    report("%s waits for %d ms", name.c_str(), delay.value);
    std::this_thread::sleep_for(std::chrono::milliseconds(delay.value));
  }
}

// TARN_EMULATOR_USED=bytes[,bytes...], one number a device; the last counts for those that follow.
std::vector<size_t> read_used() {
  std::vector<size_t> used;
  const char *text = getenv("TARN_EMULATOR_USED");
  while (text && *text) {
    char *end;
    used.push_back(size_t(strtoull(text, &end, 10)));
    if (end == text) {
      report("TARN_EMULATOR_USED: cannot read \"%s\", expected bytes, bytes, ...", text);
      return {};
    }
    text = *end == ',' ? end + 1 : end;
  }
  return used;
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
  e.races = number("TARN_EMULATOR_RACES", 0) != 0;
  if (e.races) e.threads = 1;
  e.used = read_used();
  if (const char *file = getenv("TARN_EMULATOR_STATS")) e.stats_file = file;
  return e;
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
  static std::deque<Event> faults = read_events("TARN_EMULATOR_FAIL");
  static std::deque<Event> delays = read_events("TARN_EMULATOR_DELAY");
  if (faults.empty() && delays.empty()) return 0;
  std::string name = header_name(function);
  wait_if_due(delays, name);
  if (lost) return lost_device(name);
  for (Event &fault : faults) {
    if (!fault.due(name)) continue;
    if (fault.lasting) lost = fault.value;
    return fault.value;
  }
  return 0;
}

size_t used_by_others(int device) {
  const std::vector<size_t> &used = environment().used;
  if (used.empty()) return 0;
  size_t bytes = used[std::min(size_t(device), used.size() - 1)];
  return std::min(bytes, environment().memory);
}

}  // namespace tarn
