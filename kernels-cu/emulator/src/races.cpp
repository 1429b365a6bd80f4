#include "races.h"

#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>

#include "allocations.h"
#include "environment.h"
#include "launch.h"

namespace tarn {
namespace {

// Volatile accesses and atomic functions may meet each other without an order.
enum Kind { READ, WRITE, VOLATILE_READ, VOLATILE_WRITE, ATOMIC };

bool reads(Kind kind) { return kind != WRITE && kind != VOLATILE_WRITE; }
bool writes(Kind kind) { return kind != READ && kind != VOLATILE_READ; }
bool is_strong(Kind kind) { return kind >= VOLATILE_READ; }

// An access: who, and when.
struct Stamp {
  uint32_t thread;  // in the grid, from 1; 0: nobody
  uint16_t epoch;   // barriers of the block before it
  uint16_t warp_epoch;
  int32_t code : 30;  // its place, from the kernel's entry
  bool strong : 1;
  bool atomic : 1;
};

// Of a byte: the last write, and the last reads by different threads, warps and blocks, so that among them is
// the last one by another thread, by another warp and by another block than whoever comes next. Atomic updates
// are both: nothing orders them, so the last one does not stand for those before it. Of another number than
// what is looked for, it is that of an earlier launch or block, and empty.
struct alignas(64) Cell {
  static constexpr int READERS = 4;
  uint32_t number;
  Stamp write, reads[READERS];
};

// The cells of all addresses.
class Shadow {
 public:
  static constexpr size_t PAGE = 1024;
  struct Page {
    Cell cells[PAGE];
  };

  // nullptr where nothing was noted yet.
  Page *find(uintptr_t address) {
    uintptr_t key = address / PAGE;
    Recent &recent = recent_[key % RECENT];
    if (recent.key == key) return recent.page;
    auto i = pages_.find(key);
    if (i == pages_.end()) return nullptr;
    recent = {key, i->second.get()};
    return recent.page;
  }

  Page *get(uintptr_t address) {
    Page *page = find(address);
    if (page) return page;
    pages_[address / PAGE] = std::make_unique<Page>();
    return find(address);
  }

  // Kernels on large tensors would otherwise keep their shadows for ever.
  void trim() {
    if (pages_.size() < MOST_PAGES) return;
    pages_.clear();
    for (Recent &recent : recent_) recent = {0, nullptr};
  }

 private:
  static constexpr size_t MOST_PAGES = 16384, RECENT = 256;
  struct Recent {
    uintptr_t key;
    Page *page;
  };
  std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages_;
  Recent recent_[RECENT] = {};
};

// What an atomic variable tells who acquires it: of each block that released it, until which of its barriers,
// and the thread that did, all of whose accesses until then count.
struct Released {
  uint16_t epoch;
  uint32_t thread;
};
using Releases = std::unordered_map<uint64_t, Released>;

struct Acquired {
  const Releases *releases;
  uint32_t thread;  // that alone has it until the next barrier; 0: the block
  bool fenced;
};

struct Span {
  uintptr_t begin = 0, end = 0;
  bool has(uintptr_t p) const { return p >= begin && p < end; }
};

class Detector {
 public:
  void begin_grid(const Grid &grid) {
    grid_ = &grid;
    const dim3 d = grid.block_dim;
    threads_ = d.x * d.y * d.z;
    launch_++;
    releases_.clear();
    global_.trim();
    memset(elsewhere_, 0, sizeof elsewhere_);
  }

  void begin_block(uint64_t block, Span fixed, Span dynamic) {
    block_ = block;
    first_ = uint32_t(block * threads_ + 1);
    run_++;
    epoch_ = 0;
    fixed_ = fixed;
    dynamic_ = dynamic;
    warp_epochs_.assign((threads_ + 31) / 32, 0);
    fenced_.assign(threads_, -1);
    acquired_.clear();
  }

  void barrier() {
    epoch_++;
    size_t kept = 0;
    for (Acquired &a : acquired_) {
      if (!a.fenced) continue;
      acquired_[kept++] = Acquired{a.releases, 0, true};
    }
    acquired_.resize(kept);
  }

  void warp_barrier(int warp) { warp_epochs_[size_t(warp)]++; }

  void fence() {
    uint32_t thread = here();
    fenced_[thread - first_] = epoch_;
    for (Acquired &a : acquired_) a.fenced |= a.thread == thread;
  }

  void access(const void *p, size_t bytes, Kind kind, const void *code) {
    auto address = reinterpret_cast<uintptr_t>(p);
    if (on_stack(address)) return;
    bool shared = fixed_.has(address) || dynamic_.has(address);
    Shadow &shadow = shared ? shared_ : global_;
    Shadow::Page *page = shadow.find(address);
    if (!page && !shared && !is_device(address)) return;
    uint32_t thread = here();
    Stamp now{thread, epoch_, warp_epochs_[(thread - first_) / 32],
              int32_t(intptr_t(code) - intptr_t(grid_->entry)), is_strong(kind), kind == ATOMIC};
    const uint32_t number = shared ? run_ : launch_;
    Cell before, after;
    for (size_t i = 0; i < bytes; i++) {
      size_t at = (address + i) % Shadow::PAGE;
      if (!page || at == 0) page = shadow.get(address + i);
      Cell &cell = page->cells[at];
      // The bytes of a number mostly have the same history.
      if (i == 0 || memcmp(&cell, &before, sizeof cell) != 0) {
        before = after = cell;
        if (after.number != number) after = Cell{number, {}, {}};
        check(after, now, kind, address + i, shared);
        if (writes(kind)) after.write = now;
        if (reads(kind)) note_read(after, now);
      }
      cell = after;
    }
    if (kind == ATOMIC && !shared) release(address, thread);
  }

 private:
  uint32_t here() const {
    const uint3 t = tarn_thread->thread_index;
    const dim3 d = grid_->block_dim;
    return first_ + (t.z * d.y + t.y) * d.x + t.x;
  }

  static bool on_stack(uintptr_t address) {
    constexpr uintptr_t NEAR = 64 << 10;
    auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    return address - frame < NEAR || frame - address < NEAR;
  }

  // Kernels read their parameters and indices from elsewhere, again and again.
  bool is_device(uintptr_t address) {
    uintptr_t key = address / Shadow::PAGE, &recent = elsewhere_[key % ELSEWHERE];
    if (recent == key) return false;
    uintptr_t start;
    size_t bytes;
    if (find_allocation(address, &start, &bytes)) return true;
    recent = key;
    return false;
  }

  uint64_t block_of(const Stamp &s) const { return (s.thread - 1) / threads_; }
  bool is_here(const Stamp &s) const { return s.thread - first_ < threads_; }
  // Of threads of this block.
  bool same_warp(const Stamp &a, const Stamp &b) const {
    return (a.thread - first_) / 32 == (b.thread - first_) / 32;
  }

  void check(const Cell &cell, const Stamp &now, Kind kind, uintptr_t address, bool shared) {
    if (!ordered(cell.write, now)) fail(cell.write, true, now, kind, address, shared);
    for (const Stamp &read : cell.reads) {
      if (!writes(kind) && !read.atomic) continue;
      if (!ordered(read, now)) fail(read, read.atomic, now, kind, address, shared);
    }
  }

  bool ordered(const Stamp &before, const Stamp &now) const {
    if (before.thread == 0 || before.thread == now.thread) return true;
    if (before.strong && now.strong) return true;
    if (is_here(before)) {
      return before.epoch != now.epoch ||
             (same_warp(before, now) && before.warp_epoch != now.warp_epoch);
    }
    uint64_t block = block_of(before);
    for (const Acquired &a : acquired_) {
      if (!a.fenced || (a.thread != 0 && a.thread != now.thread)) continue;
      auto released = a.releases->find(block);
      if (released == a.releases->end()) continue;
      if (before.epoch < released->second.epoch) return true;
      if (before.epoch == released->second.epoch && before.thread == released->second.thread) return true;
    }
    return false;
  }

  // The newest first. Of the others each differs from all before it by its thread, then also by its warp,
  // then also by its block.
  void note_read(Cell &cell, Stamp now) const {
    Stamp *reads = cell.reads;
    if (reads[0].thread == now.thread) {
      reads[0] = now;
      return;
    }
    Stamp old[Cell::READERS];
    memcpy(old, reads, sizeof old);
    reads[0] = now;
    for (int i = 1; i < Cell::READERS; i++) reads[i] = {};
    for (const Stamp &s : old) {
      if (s.thread == 0 || s.thread == now.thread) continue;
      int place = !is_here(s) ? 3 : same_warp(s, now) ? 1 : 2;
      if (reads[place].thread == 0) reads[place] = s;
    }
  }

  void release(uintptr_t address, uint32_t thread) {
    Releases &releases = releases_[address];
    if (fenced_[thread - first_] == epoch_) {
      releases[block_] = Released{epoch_, thread};
      for (const Acquired &a : acquired_) {
        if (!a.fenced || a.releases == &releases || (a.thread != 0 && a.thread != thread)) continue;
        for (const auto &of_block : *a.releases) {
          if (of_block.first != block_) releases.insert(of_block);
        }
      }
    }
    acquired_.push_back(Acquired{&releases, thread, false});
  }

  std::string thread_name(const Stamp &s) const {
    const dim3 d = grid_->block_dim, g = grid_->grid_dim;
    unsigned t = unsigned((s.thread - 1) % threads_);
    uint64_t b = block_of(s);
    char text[96];
    snprintf(text, sizeof text, "block (%u,%u,%u), thread (%u,%u,%u)", unsigned(b % g.x),
             unsigned(b / g.x % g.y), unsigned(b / g.x / g.y), t % d.x, t / d.x % d.y, t / d.x / d.y);
    return text;
  }

  std::string line_of(const Stamp &s) const {
    return source_line(reinterpret_cast<const char *>(grid_->entry) + s.code - 1);
  }

  [[noreturn]] void fail(const Stamp &before, bool wrote, const Stamp &now, Kind kind, uintptr_t address,
                         bool shared) {
    static const char *const does[] = {"reads", "writes", "reads", "writes", "atomically updates"};
    std::string place = shared ? "shared memory" : "memory at " + describe(address);
    report("kernel %s, %s, %s: %s %s that %s %s at %s, and nothing orders the two: data race",
           grid_->kernel_name, thread_name(now).c_str(), line_of(now).c_str(), does[kind], place.c_str(),
           thread_name(before).c_str(), wrote ? "wrote" : "read", line_of(before).c_str());
    BlockRunner::current().abandon(LAUNCH_FAILED);
  }

  static std::string describe(uintptr_t address) {
    uintptr_t start = 0;
    size_t bytes;
    find_allocation(address, &start, &bytes);
    return "byte " + std::to_string(address - start) + " of its allocation";
  }

  const Grid *grid_ = nullptr;
  uint32_t threads_ = 0;  // of a block
  uint32_t first_ = 0;    // thread of this block
  uint64_t block_ = 0;
  uint32_t launch_ = 0, run_ = 0;
  uint16_t epoch_ = 0;
  std::vector<uint16_t> warp_epochs_;
  std::vector<int32_t> fenced_;  // of each thread, the epoch of its last fence
  Span fixed_, dynamic_;
  Shadow shared_, global_;
  static constexpr size_t ELSEWHERE = 256;
  uintptr_t elsewhere_[ELSEWHERE] = {};
  std::unordered_map<uintptr_t, Releases> releases_;
  std::vector<Acquired> acquired_;
};

Detector &detector() {
  static Detector *d = new Detector;
  return *d;
}

}  // namespace

bool looking_for_races() { return environment().races; }

void race_begin_grid(const Grid &grid) { detector().begin_grid(grid); }

void race_begin_block(uint64_t block, const void *fixed, size_t fixed_bytes, const void *dynamic,
                      size_t dynamic_bytes) {
  auto f = reinterpret_cast<uintptr_t>(fixed), d = reinterpret_cast<uintptr_t>(dynamic);
  detector().begin_block(block, Span{f, f + fixed_bytes}, Span{d, d + dynamic_bytes});
}

void race_barrier() { detector().barrier(); }
void race_warp_barrier(int warp) { detector().warp_barrier(warp); }

}  // namespace tarn

// What compiled kernels call, also those from a cache that race mode filled.
#define KERNEL_API extern "C" __attribute__((visibility("default")))
#define NOTE(p, bytes, kind)       \
  if (tarn::looking_for_races()) { \
    tarn::detector().access(p, bytes, tarn::kind, __builtin_return_address(0)); \
  }

KERNEL_API void tarn_note_write(const void *p, unsigned int bytes) { NOTE(p, bytes, WRITE) }
KERNEL_API void tarn_note_atomic(const void *p, unsigned int bytes) { NOTE(p, bytes, ATOMIC) }
KERNEL_API void tarn_note_fence() {
  if (tarn::looking_for_races()) tarn::detector().fence();
}

#define TSAN_SIZE(bytes)                                                               \
  KERNEL_API void __tsan_read##bytes(void *p) { NOTE(p, bytes, READ) }                 \
  KERNEL_API void __tsan_write##bytes(void *p) { NOTE(p, bytes, WRITE) }               \
  KERNEL_API void __tsan_volatile_read##bytes(void *p) { NOTE(p, bytes, VOLATILE_READ) } \
  KERNEL_API void __tsan_volatile_write##bytes(void *p) { NOTE(p, bytes, VOLATILE_WRITE) }
TSAN_SIZE(1)
TSAN_SIZE(2)
TSAN_SIZE(4)
TSAN_SIZE(8)
TSAN_SIZE(16)
KERNEL_API void __tsan_read_range(void *p, unsigned long bytes) { NOTE(p, bytes, READ) }
KERNEL_API void __tsan_write_range(void *p, unsigned long bytes) { NOTE(p, bytes, WRITE) }
KERNEL_API void __tsan_init() {}
