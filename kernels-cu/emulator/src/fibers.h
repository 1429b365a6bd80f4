// Runs one thread block: every CUDA thread is a fiber that gives way only at barriers and warp
// collectives, so a kernel without them never switches stacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../shim/kernel_abi.h"
#include "results.h"

namespace tarn {

// What is the same for all blocks of a launch.
struct Grid {
  const char *kernel_name;
  void (*entry)(void **parameters);
  void **parameters;
  dim3 grid_dim;
  dim3 block_dim;
  size_t dynamic_shared;
  size_t tls_module;     // id of the kernel's module for thread-local (static __shared__) memory, or 0
  size_t static_shared;  // bytes of it
};

// The kernel that this OS thread is running, nullptr outside kernels.
const Grid *running_grid();

struct Fiber {
  void *stack_pointer;
  char *stack_top;
};

// One per OS thread, reused for every block it runs.
class BlockRunner {
 public:
  static BlockRunner &current();
  BlockRunner();
  ~BlockRunner();

  // Returns SUCCESS, or the error that ended the block, having reported it.
  Result run(const Grid &grid, uint3 block_index);

  int barrier(int kind, int predicate, int line);
  const TarnWarpValues *gather(unsigned mask, const void *value, unsigned size, int line);
  // Gives the block up from inside one of its threads.
  [[noreturn]] void abandon(Result result);
  // "kernel softmax, block (3,0,0), thread (17,0,0)", the thread being the one that runs.
  std::string place() const;

 private:
  enum State : uint8_t { FRESH, READY, AT_BARRIER, AT_COLLECTIVE, DONE };

  struct Collective {
    unsigned mask = 0;  // 0 = free
    unsigned size = 0;
    unsigned left = 0;
    int line = 0;
    TarnWarpValues values;
  };
  struct Warp {
    unsigned existing;
    unsigned exited;
    int waiting;
    std::vector<Collective> collectives;
  };

  void prepare(const Grid &grid, uint3 block_index);
  void poison_shared(const Grid &grid);
  bool check_shared_end(const Grid &grid);
  void note_block(const Grid &grid) const;
  Fiber *new_fiber();
  Fiber *take_fiber();
  void reset(Fiber *fiber);
  static void fiber_main();
  void finish_thread();
  int next_runnable() const;
  void resume(int thread);
  void suspend();
  void release_barrier();
  void wake_warp(int warp);
  bool complete(const Warp &warp, const Collective &collective) const;
  [[noreturn]] void report_deadlock();

  std::vector<TarnThread> threads_;
  std::vector<State> states_;
  std::vector<Fiber *> fiber_of_;
  std::vector<int> waiting_for_;  // index of the collective, for AT_COLLECTIVE
  std::vector<Warp> warps_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber *> idle_;
  std::vector<std::pair<char *, size_t>> slabs_;

  TarnBlock block_{};
  dim3 prepared_dim_{0, 0, 0};
  void *main_stack_ = nullptr;
  char *shared_end_ = nullptr;  // dynamic shared memory ends here, where access faults
  Result result_ = SUCCESS;
  int count_ = 0;    // threads in the block
  int current_ = 0;  // the one that runs
  int live_ = 0;
  // The barrier in progress, and what the last one voted.
  int arrived_ = 0;
  int barrier_line_ = 0;
  int votes_ = 0;
  int released_votes_ = 0;
  int released_count_ = 0;
};

}  // namespace tarn
