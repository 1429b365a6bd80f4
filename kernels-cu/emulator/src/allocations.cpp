#include "allocations.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>

#include "driver.h"
#include "launch.h"

namespace tarn {
namespace {

constexpr size_t ALIGNMENT = 256;  // what cuMemAlloc promises
constexpr size_t PAGE = 4096;
constexpr size_t GUARD = 1 << 20;  // address space without access on either side
constexpr unsigned char POISON = 0xff;
constexpr unsigned char MARGIN = 0xfd;
constexpr size_t KEPT_FREED = 4096;

struct Allocation {
  size_t bytes;
  Context *context;
  long serial;
  // Its first and last GUARD bytes cannot be touched. nullptr under an address sanitizer, which looks
  // after memory from malloc.
  char *mapping;
  size_t mapping_bytes;
};

struct Pinned {
  size_t bytes;
  bool owned;  // allocated here, rather than registered
};

struct Freed {
  uintptr_t address;
  Allocation allocation;
};

std::mutex mutex;
std::map<uintptr_t, Allocation> allocations;
std::deque<Freed> freed;  // guard mode: kept without access, to catch use after free
std::map<uintptr_t, Pinned> pinned;
std::map<uintptr_t, size_t> variables;
long allocation_count = 0;

size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

// The memory ends as close to the guard behind it as its alignment allows.
uintptr_t map_guarded(Allocation &a) {
  size_t body = round_up(a.bytes, PAGE) + PAGE;  // a page at least in front, as a margin
  a.mapping_bytes = body + 2 * GUARD;
  void *mapping = mmap(nullptr, a.mapping_bytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return 0;
  a.mapping = static_cast<char *>(mapping);
  if (mprotect(a.mapping + GUARD, body, PROT_READ | PROT_WRITE) != 0) {
    munmap(a.mapping, a.mapping_bytes);
    return 0;
  }
  char *start = a.mapping + GUARD + body - round_up(a.bytes, ALIGNMENT);
  memset(start - ALIGNMENT, MARGIN, ALIGNMENT);
  memset(start + a.bytes, MARGIN, round_up(a.bytes, ALIGNMENT) - a.bytes);
  return reinterpret_cast<uintptr_t>(start);
}

uintptr_t obtain(Allocation &a) {
  static const bool sanitized = dlsym(RTLD_DEFAULT, "__asan_init") != nullptr;
  if (!sanitized) return map_guarded(a);
  void *memory;
  // The exact size: the red zone begins where the allocation ends.
  return posix_memalign(&memory, ALIGNMENT, a.bytes) == 0 ? reinterpret_cast<uintptr_t>(memory) : 0;
}

void give_back(uintptr_t address, const Allocation &a) {
  if (!a.mapping) {
    free(reinterpret_cast<void *>(address));
    return;
  }
  if (!environment().guard) {
    munmap(a.mapping, a.mapping_bytes);
    return;
  }
  mprotect(a.mapping, a.mapping_bytes, PROT_NONE);
  madvise(a.mapping, a.mapping_bytes, MADV_DONTNEED);
  freed.push_back({address, a});
  if (freed.size() > KEPT_FREED) {
    munmap(freed.front().allocation.mapping, freed.front().allocation.mapping_bytes);
    freed.pop_front();
  }
}

bool margin_intact(uintptr_t address, const Allocation &a) {
  const auto *start = reinterpret_cast<const unsigned char *>(address);
  for (size_t i = 1; i <= ALIGNMENT; i++) {
    if (start[-long(i)] != MARGIN) return false;
  }
  for (size_t i = a.bytes; i < round_up(a.bytes, ALIGNMENT); i++) {
    if (start[i] != MARGIN) return false;
  }
  return true;
}

void discard(std::map<uintptr_t, Allocation>::iterator i) {
  size_t bytes = i->second.bytes;
  device_of(i->second.context).used -= bytes;
  count(BYTES_IN_USE, -int64_t(bytes));
  give_back(i->first, i->second);
  allocations.erase(i);
}

// The allocation that starts at or before the address.
template <class M>
typename M::iterator at_or_before(M &map, uintptr_t address) {
  auto i = map.upper_bound(address);
  return i == map.begin() ? map.end() : --i;
}

// The pinned region around the address.
std::map<uintptr_t, Pinned>::iterator find_pinned(uintptr_t address) {
  auto i = at_or_before(pinned, address);
  return i != pinned.end() && address - i->first < i->second.bytes ? i : pinned.end();
}

}  // namespace

int allocate_device(Context *context, size_t bytes, uintptr_t *address) {
  if (bytes == 0) return INVALID_VALUE;
  std::lock_guard<std::mutex> lock(mutex);
  Device &device = device_of(context);
  size_t taken = device.used + used_by_others(context->device);
  if (taken > environment().memory || bytes > environment().memory - taken) return OUT_OF_MEMORY;
  Allocation a{bytes, context, ++allocation_count, nullptr, 0};
  *address = obtain(a);
  if (!*address) return OUT_OF_MEMORY;
  memset(reinterpret_cast<void *>(*address), POISON, bytes);
  allocations[*address] = a;
  device.used += bytes;
  count(ALLOCATIONS);
  count(BYTES_IN_USE, int64_t(bytes));
  raise_peak();
  return SUCCESS;
}

int free_device(uintptr_t address) {
  std::lock_guard<std::mutex> lock(mutex);
  auto i = allocations.find(address);
  if (i == allocations.end()) return INVALID_VALUE;
  discard(i);
  return SUCCESS;
}

void release_memory(Context *context) {
  std::lock_guard<std::mutex> lock(mutex);
  for (auto i = allocations.begin(); i != allocations.end();) {
    auto next = std::next(i);
    if (i->second.context == context) discard(i);
    i = next;
  }
}

size_t used_memory(Context *context) {
  std::lock_guard<std::mutex> lock(mutex);
  return device_of(context).used;
}

bool find_allocation(uintptr_t address, uintptr_t *start, size_t *bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  auto i = at_or_before(allocations, address);
  if (i == allocations.end() || address - i->first >= i->second.bytes) return false;
  *start = i->first;
  *bytes = i->second.bytes;
  return true;
}

int check_range(const char *what, CUdeviceptr p, size_t bytes) {
  if (bytes == 0) return SUCCESS;
  std::lock_guard<std::mutex> lock(mutex);
  auto i = at_or_before(allocations, p);
  if (i != allocations.end() && p - i->first < i->second.bytes) {
    if (bytes <= i->second.bytes - (p - i->first)) return SUCCESS;
    report("%s: %zu bytes at offset %zu of a %zu-byte allocation", header_name(what).c_str(), bytes,
           size_t(p - i->first), i->second.bytes);
    return INVALID_VALUE;
  }
  auto v = at_or_before(variables, p);
  if (v != variables.end() && p - v->first < v->second && bytes <= v->second - (p - v->first)) {
    return SUCCESS;
  }
  auto h = find_pinned(p);
  if (h != pinned.end() && bytes <= h->second.bytes - (p - h->first)) return SUCCESS;
  report("%s: %#llx is no device address", header_name(what).c_str(), p);
  return INVALID_VALUE;
}

void register_variable(uintptr_t address, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  variables[address] = bytes;
}

void unregister_variable(uintptr_t address) {
  std::lock_guard<std::mutex> lock(mutex);
  variables.erase(address);
}

int allocate_pinned(size_t bytes, void **address) {
  if (bytes == 0) return INVALID_VALUE;
  if (posix_memalign(address, PAGE, bytes) != 0) return OUT_OF_MEMORY;
  memset(*address, POISON, bytes);
  std::lock_guard<std::mutex> lock(mutex);
  pinned[reinterpret_cast<uintptr_t>(*address)] = {bytes, true};
  return SUCCESS;
}

int free_pinned(void *address) {
  std::lock_guard<std::mutex> lock(mutex);
  auto i = pinned.find(reinterpret_cast<uintptr_t>(address));
  if (i == pinned.end() || !i->second.owned) return INVALID_VALUE;
  pinned.erase(i);
  free(address);
  return SUCCESS;
}

int register_pinned(void *address, size_t bytes) {
  if (!address || bytes == 0) return INVALID_VALUE;
  std::lock_guard<std::mutex> lock(mutex);
  auto start = reinterpret_cast<uintptr_t>(address);
  auto i = at_or_before(pinned, start + bytes - 1);
  if (i != pinned.end() && i->first + i->second.bytes > start) {
    return HOST_MEMORY_ALREADY_REGISTERED;
  }
  pinned[start] = {bytes, false};
  return SUCCESS;
}

int unregister_pinned(void *address) {
  std::lock_guard<std::mutex> lock(mutex);
  auto i = pinned.find(reinterpret_cast<uintptr_t>(address));
  if (i == pinned.end() || i->second.owned) return HOST_MEMORY_NOT_REGISTERED;
  pinned.erase(i);
  return SUCCESS;
}

Host classify_host(const void *p, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  auto address = reinterpret_cast<uintptr_t>(p);
  auto i = find_pinned(address);
  if (i == pinned.end()) return Host::PAGEABLE;
  return bytes <= i->second.bytes - (address - i->first) ? Host::PINNED : Host::PINNED_TOO_SHORT;
}

bool check_margins(const char *kernel_name) {
  if (!environment().guard) return true;
  std::lock_guard<std::mutex> lock(mutex);
  for (auto &[address, a] : allocations) {
    if (!a.mapping || margin_intact(address, a)) continue;
    report("kernel %s wrote just outside allocation #%ld of %zu bytes", kernel_name, a.serial,
           a.bytes);
    return false;
  }
  return true;
}

std::string describe_address(const void *p) {
  auto address = reinterpret_cast<uintptr_t>(p);
  std::lock_guard<std::mutex> lock(mutex);
  char text[256];
  for (const Freed &f : freed) {
    if (address >= f.address && address - f.address < f.allocation.bytes) {
      snprintf(text, sizeof text, "%p, in the freed allocation #%ld of %zu bytes", p,
               f.allocation.serial, f.allocation.bytes);
      return text;
    }
  }
  // Of the neighbours on both sides the nearer one, if it is near enough to be what was meant.
  constexpr size_t NEAR = size_t(1) << 30;
  snprintf(text, sizeof text, "%p, far from every allocation", p);
  size_t nearest = NEAR;
  auto before = at_or_before(allocations, address);
  if (before != allocations.end()) {
    const Allocation &a = before->second;
    size_t distance = address - before->first - a.bytes;
    if (distance < nearest) {
      nearest = distance;
      snprintf(text, sizeof text, "%p, %zu bytes past the end of allocation #%ld of %zu bytes", p,
               distance, a.serial, a.bytes);
    }
  }
  auto after = allocations.upper_bound(address);
  if (after != allocations.end() && after->first - address < nearest) {
    snprintf(text, sizeof text, "%p, %zu bytes before allocation #%ld of %zu bytes", p,
             after->first - address, after->second.serial, after->second.bytes);
  }
  return text;
}

}  // namespace tarn
