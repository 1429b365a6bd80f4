#include "fibers.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "environment.h"
#include "races.h"

#ifndef __x86_64__
#error "the emulator switches stacks in x86-64 assembly"
#endif

extern "C" {
__attribute__((visibility("default"))) __thread const TarnThread *tarn_thread;
__attribute__((visibility("default"))) __thread const TarnBlock *tarn_block;

// Saves the callee-saved registers and the stack pointer in *from, continues on the stack `to`.
void tarn_switch_stack(void **from, void *to);

// glibc's: the calling thread's copy of a module's thread-local memory, allocated if need be.
struct TlsIndex {
  unsigned long module, offset;
};
void *__tls_get_addr(TlsIndex *);
}

asm(R"(
.text
.hidden tarn_switch_stack
.globl tarn_switch_stack
.type tarn_switch_stack,@function
tarn_switch_stack:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size tarn_switch_stack, .-tarn_switch_stack
)");

namespace tarn {
namespace {
constexpr size_t PAGE = 4096;
constexpr size_t STACK = 256 << 10;  // address space only, until touched
constexpr size_t SLAB_FIBERS = 32;
constexpr size_t MAX_SHARED = 256 << 10;
constexpr size_t GUARD = 1 << 20;  // without access, behind shared memory
constexpr unsigned char POISON = 0xff;  // NaN in every float format

// initial-exec: read at every barrier, and in a signal handler.
#define FAST_TLS __attribute__((tls_model("initial-exec"))) __thread
FAST_TLS const Grid *grid_of_thread = nullptr;
FAST_TLS BlockRunner *runner_of_thread = nullptr;

size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }
}  // namespace

const Grid *running_grid() { return grid_of_thread; }

BlockRunner &BlockRunner::current() {
  if (runner_of_thread) return *runner_of_thread;
  static thread_local BlockRunner runner;
  runner_of_thread = &runner;
  return runner;
}

BlockRunner::BlockRunner() {
  char *memory = static_cast<char *>(mmap(nullptr, MAX_SHARED + GUARD, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (memory == MAP_FAILED) {
    report("no memory for shared memory");
    abort();
  }
  shared_end_ = memory + MAX_SHARED;
  mprotect(shared_end_, GUARD, PROT_NONE);
}

BlockRunner::~BlockRunner() {
  runner_of_thread = nullptr;
  munmap(shared_end_ - MAX_SHARED, MAX_SHARED + GUARD);
  for (auto &slab : slabs_) munmap(slab.first, slab.second);
}

Fiber *BlockRunner::new_fiber() {
  // Stacks come in slabs; below each lies a page without access that stops an overflow.
  size_t bytes = SLAB_FIBERS * (STACK + PAGE);
  char *slab = static_cast<char *>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (slab == MAP_FAILED) {
    report("no memory for the stacks of a thread block");
    abort();
  }
  slabs_.emplace_back(slab, bytes);
  for (size_t i = 0; i < SLAB_FIBERS; i++) {
    char *stack = slab + i * (STACK + PAGE);
    mprotect(stack, PAGE, PROT_NONE);
    // Stacks whose tops have equal low address bits would all compete for the same cache sets.
    char *top = stack + PAGE + STACK - i % 16 * 256;
    fibers_.push_back(std::make_unique<Fiber>(Fiber{nullptr, top}));
    reset(fibers_.back().get());
    idle_.push_back(fibers_.back().get());
  }
  return take_fiber();
}

void BlockRunner::reset(Fiber *fiber) {
  // As tarn_switch_stack would have left it: six registers, then the address to return to.
  void **sp = reinterpret_cast<void **>(fiber->stack_top);
  *--sp = nullptr;  // keeps the stack aligned as after a call
  *--sp = reinterpret_cast<void *>(&BlockRunner::fiber_main);
  for (int i = 0; i < 6; i++) *--sp = nullptr;
  fiber->stack_pointer = sp;
}

Fiber *BlockRunner::take_fiber() {
  if (idle_.empty()) return new_fiber();
  Fiber *fiber = idle_.back();
  idle_.pop_back();
  return fiber;
}

// A fiber runs thread after thread as long as nothing blocks; when it is parked in idle_, it waits in
// the switch below for another thread to run.
void BlockRunner::fiber_main() {
  BlockRunner &runner = current();
  for (;;) {
    Fiber *self = runner.fiber_of_[runner.current_];
    const Grid *grid = grid_of_thread;
    grid->entry(grid->parameters);
    runner.finish_thread();
    int next = runner.next_runnable();
    if (next >= 0 && runner.states_[next] == FRESH) {
      runner.states_[next] = READY;
      runner.fiber_of_[next] = self;
      runner.current_ = next;
      tarn_thread = &runner.threads_[next];
      continue;
    }
    if (next < 0 && runner.live_ > 0) runner.report_deadlock();
    runner.idle_.push_back(self);
    if (next < 0) {
      tarn_switch_stack(&self->stack_pointer, runner.main_stack_);
    } else {
      runner.current_ = next;
      tarn_thread = &runner.threads_[next];
      tarn_switch_stack(&self->stack_pointer, runner.fiber_of_[next]->stack_pointer);
    }
  }
}

void BlockRunner::prepare(const Grid &grid, uint3 block_index) {
  dim3 dim = grid.block_dim;
  if (dim.x != prepared_dim_.x || dim.y != prepared_dim_.y || dim.z != prepared_dim_.z) {
    prepared_dim_ = dim;
    count_ = int(dim.x * dim.y * dim.z);
    threads_.resize(count_);
    states_.resize(count_);
    fiber_of_.resize(count_);
    waiting_for_.resize(count_);
    warps_.resize((count_ + 31) / 32);
    for (int i = 0; i < count_; i++) {
      unsigned n = unsigned(i);
      threads_[i] = {{n % dim.x, n / dim.x % dim.y, n / dim.x / dim.y}, n % 32};
    }
  }
  memset(states_.data(), FRESH, size_t(count_));
  for (size_t w = 0; w < warps_.size(); w++) {
    unsigned rest = unsigned(count_) - unsigned(w) * 32;
    warps_[w].existing = rest >= 32 ? ~0u : (1u << rest) - 1;
    warps_[w].exited = 0;
    warps_[w].waiting = 0;
    for (Collective &c : warps_[w].collectives) c.mask = 0;
  }
  block_ = {block_index, dim, grid.grid_dim, shared_end_ - round_up(grid.dynamic_shared, 128)};
  live_ = count_;
  arrived_ = votes_ = 0;
  result_ = SUCCESS;
}

void BlockRunner::poison_shared(const Grid &grid) {
  if (grid.dynamic_shared) {
    memset(block_.dynamic_shared, POISON, round_up(grid.dynamic_shared, 128));
  }
  if (grid.tls_module) {
    TlsIndex index{grid.tls_module, 0};
    memset(__tls_get_addr(&index), POISON, grid.static_shared);
  }
}

void BlockRunner::note_block(const Grid &grid) const {
  const uint3 b = block_.block_index;
  TlsIndex index{grid.tls_module, 0};
  const void *fixed = grid.tls_module ? __tls_get_addr(&index) : nullptr;
  race_begin_block((uint64_t(b.z) * grid.grid_dim.y + b.y) * grid.grid_dim.x + b.x, fixed,
                   grid.static_shared, block_.dynamic_shared, grid.dynamic_shared);
}

// The bytes between the end of dynamic shared memory and the page without access, fewer than 128.
bool BlockRunner::check_shared_end(const Grid &grid) {
  const auto *end = static_cast<unsigned char *>(block_.dynamic_shared) + grid.dynamic_shared;
  for (; end < reinterpret_cast<unsigned char *>(shared_end_) && grid.dynamic_shared; end++) {
    if (*end == POISON) continue;
    report("kernel %s, block (%u,%u,%u): wrote past its %zu bytes of dynamic shared memory",
           grid.kernel_name, block_.block_index.x, block_.block_index.y, block_.block_index.z,
           grid.dynamic_shared);
    return false;
  }
  return true;
}

Result BlockRunner::run(const Grid &grid, uint3 block_index) {
  prepare(grid, block_index);
  poison_shared(grid);
  if (looking_for_races()) note_block(grid);
  grid_of_thread = &grid;
  tarn_block = &block_;
  current_ = 0;
  states_[0] = READY;
  fiber_of_[0] = take_fiber();
  tarn_thread = &threads_[0];
  tarn_switch_stack(&main_stack_, fiber_of_[0]->stack_pointer);
  tarn_block = nullptr;
  grid_of_thread = nullptr;
  if (result_ == SUCCESS && !check_shared_end(grid)) return ILLEGAL_ADDRESS;
  return result_;
}

void BlockRunner::abandon(Result result) {
  result_ = result;
  // No thread of the block goes on: every fiber starts afresh.
  idle_.clear();
  for (auto &fiber : fibers_) {
    reset(fiber.get());
    idle_.push_back(fiber.get());
  }
  void *unused;
  tarn_switch_stack(&unused, main_stack_);
  abort();
}

int BlockRunner::next_runnable() const {
  for (int i = current_ + 1; i < count_; i++) {
    if (states_[i] <= READY) return i;
  }
  for (int i = 0; i < current_; i++) {
    if (states_[i] <= READY) return i;
  }
  return -1;
}

void BlockRunner::resume(int thread) {
  Fiber *from = fiber_of_[current_];
  if (states_[thread] == FRESH) {
    states_[thread] = READY;
    fiber_of_[thread] = take_fiber();
  }
  current_ = thread;
  tarn_thread = &threads_[thread];
  tarn_switch_stack(&from->stack_pointer, fiber_of_[thread]->stack_pointer);
}

// Returns when what the current thread waits for has happened.
void BlockRunner::suspend() {
  int next = next_runnable();
  if (next < 0) report_deadlock();
  resume(next);
}

void BlockRunner::finish_thread() {
  states_[current_] = DONE;
  live_--;
  Warp &warp = warps_[current_ / 32];
  warp.exited |= 1u << current_ % 32;
  // Threads that have ended no longer count, neither at barriers nor in collectives.
  if (live_ > 0 && arrived_ == live_) release_barrier();
  if (warp.waiting > 0) wake_warp(current_ / 32);
}

std::string BlockRunner::place() const {
  const uint3 b = block_.block_index, t = threads_[current_].thread_index;
  char text[512];
  snprintf(text, sizeof text, "kernel %s, block (%u,%u,%u), thread (%u,%u,%u)",
           grid_of_thread ? grid_of_thread->kernel_name : "?", b.x, b.y, b.z, t.x, t.y, t.z);
  return text;
}

}  // namespace tarn
