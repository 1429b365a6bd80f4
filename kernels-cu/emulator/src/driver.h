// State of the emulated CUDA driver and the checks that every entry point makes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../shim/kernel_abi.h"
#include "environment.h"
#include "results.h"
#include "stats.h"

#define DRIVER_API extern "C" __attribute__((visibility("default"))) int
// First line of every entry point: initialised, no injected fault.
#define ENTER() \
  if (int error = tarn::enter(__func__)) return error
// For those that need a current context that no kernel has corrupted.
#define ENTER_CONTEXT() \
  if (int error = tarn::enter_context(__func__)) return error

using CUdeviceptr = unsigned long long;

DRIVER_API cuDeviceGetAttribute(int *value, int attribute, int device);

namespace tarn {

struct Context {
  int device = 0;
  unsigned flags = 0;
  // The error of a kernel that failed; every later call answers it, as on a GPU.
  std::atomic<int> sticky{SUCCESS};
};

struct Device {
  Context primary;
  int primary_references = 0;
  size_t used = 0;  // bytes, under the memory lock
};

int enter(const char *function);
int enter_context(const char *function);
bool initialized();
Context *current_context();
Device &device_of(const Context *context);
Device *find_device(int ordinal);

// The live objects of one kind, so that a stale or foreign handle is answered, not followed.
template <class T>
class Handles {
 public:
  T *add(std::unique_ptr<T> object) {
    std::lock_guard<std::mutex> lock(mutex_);
    T *handle = object.get();
    objects_.emplace(handle, std::move(object));
    return handle;
  }
  T *find(void *handle) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto i = objects_.find(handle);
    return i == objects_.end() ? nullptr : i->second.get();
  }
  // The object, now the caller's; nullptr if there is none.
  std::unique_ptr<T> take(void *handle) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto i = objects_.find(handle);
    if (i == objects_.end()) return nullptr;
    std::unique_ptr<T> object = std::move(i->second);
    objects_.erase(i);
    return object;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<void *, std::unique_ptr<T>> objects_;
};

// ---- streams and graphs (driver_stream.cpp, driver_graph.cpp)

enum NodeKind { NODE_KERNEL = 0, NODE_MEMCPY = 1, NODE_MEMSET = 2, NODE_EMPTY = 5, NODE_GEMM = -1 };

struct GraphNode {
  NodeKind kind;
  size_t index;  // in the graph, and in every executable made of it
  std::function<int()> run;
};

struct Graph {
  std::vector<std::shared_ptr<GraphNode>> nodes;
  void add(NodeKind kind, std::function<int()> run);
};

struct Capture {
  unsigned long long id = 0;
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  int mode = 0;  // CUstreamCaptureMode: 0 global, 1 thread-local, 2 relaxed
  std::thread::id thread;
  bool invalidated = false;
};

struct Stream {
  Context *context = nullptr;
  unsigned flags = 0;  // 1 = does not synchronise with the legacy stream
  int priority = 0;
  unsigned long long id = 0;
  Capture *capture = nullptr;
  bool origin = false;  // of the capture, rather than joined by an event
};

// nullptr for a handle that is no stream. 0, 1 and 2 are the legacy and per-thread default streams.
Stream *find_stream(void *handle);

// Runs the operation now, or adds it to the graph that the stream captures.
int submit(void *stream, NodeKind kind, std::function<int()> run);
// What submit would refuse with, and whether it would capture.
int check_submit(Stream *stream);
// For calls that must not happen during a capture; the answer of CUDA, and the capture is void.
int refuse_during_capture();
// The same for calls on the legacy stream, which also waits for capturing blocking streams.
int refuse_legacy_during_capture();
// Runs an operation that was not captured; a kernel's failure sticks to the context.
int finish(int result);
// Whether the calling thread replays a graph.
bool replaying();

// ---- modules and kernels (driver_module.cpp)

struct Module;

struct Function {
  std::string name;
  TarnKernel kernel;
  Module *module;
  int max_dynamic_shared = 48 << 10;
};

Function *find_function(void *handle);

// ---- memory (driver_memory.cpp)

// SUCCESS, or INVALID_VALUE with a message if [p, p + bytes) is not inside one allocation.
int check_range(const char *what, CUdeviceptr p, size_t bytes);
// Frees everything that was allocated in the context.
void release_memory(Context *context);

// ---- per-architecture limits (driver_device.cpp)

struct Limits {
  int arch;                 // compute capability times ten
  int shared_per_sm;        // bytes
  int shared_per_block;     // with opt-in
  int threads_per_sm;
  int blocks_per_sm;
};
const Limits &limits();

}  // namespace tarn
