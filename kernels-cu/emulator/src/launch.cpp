#include "launch.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "environment.h"
#include "races.h"
#include "stats.h"

namespace tarn {
namespace {

// About the cost of waking a worker.
constexpr long HELP_AFTER_NS = 20000;

long now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

struct Job {
  void (*body)(void *, long);
  void *context;
  long total;
  std::atomic<long> next{0};
  int helpers = 0;  // under Pool::mutex_

  bool step() {
    long i = next.fetch_add(1, std::memory_order_relaxed);
    if (i >= total) return false;
    body(context, i);
    return true;
  }
};

class Pool {
 public:
  static Pool &instance() {
    static Pool *pool = new Pool;  // never destroyed: its threads outlive static destruction
    return *pool;
  }

  int workers() const { return workers_; }

  void publish(Job *job) {
    std::lock_guard<std::mutex> lock(mutex_);
    start_threads();
    job_ = job;
    wake_.notify_all();
  }

  // Returns when no worker is at the job any more.
  void retract(Job *job) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (job_ == job) job_ = nullptr;
    idle_.wait(lock, [&] { return job->helpers == 0; });
  }

 private:
  Pool() : workers_(environment().threads - 1) {}

  void start_threads() {
    if (started_) return;
    started_ = true;
    // The JVM's signals are for the JVM's threads.
    sigset_t all, old;
    sigfillset(&all);
    for (int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigdelset(&all, s);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    for (int i = 0; i < workers_; i++) std::thread([this] { work(); }).detach();
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return job_ != nullptr; });
      Job *job = job_;
      job->helpers++;
      lock.unlock();
      while (job->step()) {
      }
      lock.lock();
      if (job_ == job) job_ = nullptr;
      if (--job->helpers == 0) idle_.notify_all();
    }
  }

  const int workers_;
  bool started_ = false;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  Job *job_ = nullptr;
};

// Ends the process when one grid runs too long: an endless kernel cannot be stopped otherwise.
class Watchdog {
 public:
  void begin(const char *kernel) {
    if (environment().timeout_seconds == 0) return;
    if (!started_) {
      started_ = true;
      std::thread([this] { watch(); }).detach();
    }
    kernel_.store(kernel, std::memory_order_relaxed);
    sequence_.fetch_add(1, std::memory_order_release);
  }
  void end() { sequence_.fetch_add(1, std::memory_order_release); }

 private:
  void watch() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    long seen = -1, since = 0;
    for (;;) {
      usleep(100000);
      long sequence = sequence_.load(std::memory_order_acquire);
      if (sequence % 2 == 0 || sequence != seen) {  // even: nothing runs
        seen = sequence;
        since = now_ns();
      } else if (now_ns() - since > environment().timeout_seconds * 1000000000L) {
        report("kernel %s has not ended after %d s (TARN_EMULATOR_TIMEOUT_S): ending the process",
               kernel_.load(), environment().timeout_seconds);
        _exit(134);
      }
    }
  }

  bool started_ = false;  // under the launch mutex
  std::atomic<const char *> kernel_{nullptr};
  std::atomic<long> sequence_{0};
};

struct GridJob {
  const Grid *grid;
  std::atomic<int> result{SUCCESS};
};

void run_one_block(void *context, long i) {
  auto *job = static_cast<GridJob *>(context);
  // After an error the remaining blocks are passed over.
  if (job->result.load(std::memory_order_relaxed) != SUCCESS) return;
  const dim3 dim = job->grid->grid_dim;
  unsigned long n = (unsigned long)i;
  uint3 index{unsigned(n % dim.x), unsigned(n / dim.x % dim.y), unsigned(n / dim.x / dim.y)};
  Result result = BlockRunner::current().run(*job->grid, index);
  if (result != SUCCESS) job->result = result;
}

}  // namespace

void parallel_for(long total, void (*body)(void *context, long i), void *context) {
  Job job{body, context, total};
  Pool &pool = Pool::instance();
  bool helped = total < 2 || pool.workers() == 0;
  bool published = false;
  long start = helped ? 0 : now_ns();
  while (job.step()) {
    if (helped || now_ns() - start < HELP_AFTER_NS) continue;
    helped = published = true;
    pool.publish(&job);
  }
  if (published) pool.retract(&job);
}

Result run_grid(const Grid &grid) {
  static std::mutex mutex;
  static Watchdog watchdog;
  std::lock_guard<std::mutex> lock(mutex);
  count(KERNELS_RUN);
  if (looking_for_races()) race_begin_grid(grid);
  GridJob job{&grid};
  watchdog.begin(grid.kernel_name);
  const dim3 dim = grid.grid_dim;
  parallel_for(long(dim.x) * dim.y * dim.z, run_one_block, &job);
  watchdog.end();
  int result = job.result;
  if (result == SUCCESS && !check_margins(grid.kernel_name)) result = ILLEGAL_ADDRESS;
  return Result(result);
}

}  // namespace tarn
