// Barriers and warp collectives: where the fibers of a block wait for each other.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "environment.h"
#include "fibers.h"
#include "races.h"

namespace tarn {

void BlockRunner::release_barrier() {
  if (looking_for_races()) race_barrier();
  released_count_ = arrived_;
  released_votes_ = votes_;
  arrived_ = votes_ = 0;
  for (State &state : states_) {
    if (state == AT_BARRIER) state = READY;
  }
}

int BlockRunner::barrier(int kind, int predicate, int line) {
  if (arrived_ > 0 && line != barrier_line_) {
    report("%s waits at the barrier in line %d while others wait at the one in line %d: "
           "divergent barrier",
           place().c_str(), line, barrier_line_);
    abandon(LAUNCH_FAILED);
  }
  barrier_line_ = line;
  arrived_++;
  votes_ += predicate != 0;
  if (arrived_ == live_) {
    release_barrier();
  } else {
    states_[current_] = AT_BARRIER;
    suspend();
  }
  switch (kind) {
    case TARN_COUNT:
      return released_votes_;
    case TARN_AND:
      return released_votes_ == released_count_;
    case TARN_OR:
      return released_votes_ > 0;
    default:
      return 0;
  }
}

// Lanes that have ended or never existed are not waited for.
bool BlockRunner::complete(const Warp &warp, const Collective &collective) const {
  unsigned present = collective.values.arrived | warp.exited | ~warp.existing;
  return (present & collective.mask) == collective.mask;
}

void BlockRunner::wake_warp(int index) {
  Warp &warp = warps_[index];
  int end = (index + 1) * 32 < count_ ? (index + 1) * 32 : count_;
  for (int i = index * 32; i < end; i++) {
    if (states_[i] == AT_COLLECTIVE && complete(warp, warp.collectives[waiting_for_[i]])) {
      states_[i] = READY;
      warp.waiting--;
    }
  }
}

const TarnWarpValues *BlockRunner::gather(unsigned mask, const void *value, unsigned size,
                                          int line) {
  Warp &warp = warps_[current_ / 32];
  unsigned bit = 1u << current_ % 32;
  if (!(mask & bit)) {
    report("%s is not in the mask %#x of the warp collective it executes, line %d",
           place().c_str(), mask, line);
    abandon(LAUNCH_FAILED);
  }
  // Join the collective that other lanes have begun, unless this lane already went through it and
  // the others have yet to read it.
  int slot = -1;
  int count = int(warp.collectives.size());
  for (int i = 0; i < count; i++) {
    const Collective &c = warp.collectives[i];
    if (c.mask == mask && c.size == size && c.line == line && !(c.values.arrived & bit)) {
      slot = i;
      break;
    }
    if (c.mask == 0 && slot < 0) slot = i;
  }
  if (slot < 0) {
    slot = count;
    // Pointers into the vector are not held across switches, so it may grow.
    warp.collectives.emplace_back();
  }
  Collective *c = &warp.collectives[slot];
  if (c->mask == 0) {
    c->mask = mask;
    c->size = size;
    c->line = line;
    c->left = c->values.arrived = 0;
  }
  c->values.arrived |= bit;
  memcpy(c->values.lane[current_ % 32], value, size);
  if (complete(warp, *c)) {
    if (line == TARN_SYNCWARP && (mask & warp.existing) == warp.existing && looking_for_races()) {
      race_warp_barrier(current_ / 32);
    }
    wake_warp(current_ / 32);
  } else {
    states_[current_] = AT_COLLECTIVE;
    waiting_for_[current_] = slot;
    warp.waiting++;
    suspend();
    c = &warp.collectives[slot];
  }
  c->left |= bit;
  if (c->left == c->values.arrived) c->mask = 0;  // the values stay until someone else gathers
  return &c->values;
}

void BlockRunner::report_deadlock() {
  int at_barrier = 0, at_collective = 0, ended = 0;
  std::string where;
  for (int i = 0; i < count_; i++) {
    if (states_[i] == AT_BARRIER) at_barrier++;
    if (states_[i] == DONE) ended++;
    if (states_[i] != AT_COLLECTIVE) continue;
    if (at_collective++ == 0) {
      const Collective &c = warps_[i / 32].collectives[waiting_for_[i]];
      char text[96];
      snprintf(text, sizeof text, " (line %d, mask %#x, warp %d)", c.line, c.mask, i / 32);
      where = text;
    }
  }
  const uint3 b = block_.block_index;
  report("kernel %s, block (%u,%u,%u): divergent barrier: %d of %d threads wait in __syncthreads "
         "(line %d), %d in a warp collective%s, %d have ended",
         running_grid()->kernel_name, b.x, b.y, b.z, at_barrier, count_, barrier_line_,
         at_collective, where.c_str(), ended);
  abandon(LAUNCH_FAILED);
}

}  // namespace tarn

#define KERNEL_API extern "C" __attribute__((visibility("default")))

KERNEL_API int tarn_barrier(int kind, int predicate, int line) {
  return tarn::BlockRunner::current().barrier(kind, predicate, line);
}

KERNEL_API const TarnWarpValues *tarn_warp_gather(unsigned mask, const void *value, unsigned size,
                                                  int line) {
  return tarn::BlockRunner::current().gather(mask, value, size, line);
}

KERNEL_API void tarn_trap() {
  tarn::BlockRunner &runner = tarn::BlockRunner::current();
  tarn::report("%s executed __trap()", runner.place().c_str());
  runner.abandon(tarn::LAUNCH_FAILED);
}

KERNEL_API void tarn_assert_fail(const char *expression, const char *file, int line) {
  tarn::BlockRunner &runner = tarn::BlockRunner::current();
  tarn::report("%s: assertion failed: %s (%s:%d)", runner.place().c_str(), expression, file, line);
  runner.abandon(tarn::ASSERT);
}

KERNEL_API int tarn_printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vprintf(format, arguments);
  va_end(arguments);
  fflush(stdout);
  return written;
}
