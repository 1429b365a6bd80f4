// Modules, kernels, their launch and attributes.
#include <cstdio>
#include <cstring>
#include <map>

#include "allocations.h"
#include "driver.h"
#include "image.h"
#include "launch.h"

namespace tarn {

struct Module {
  std::unique_ptr<Image> image;
  std::map<std::string, Function *> functions;
  std::vector<uintptr_t> variables;  // that were asked for
};

namespace {

Handles<Module> &modules() {
  static auto *all = new Handles<Module>;
  return *all;
}
Handles<Function> &functions() {
  static auto *all = new Handles<Function>;
  return *all;
}

enum FunctionAttribute {
  MAX_THREADS_PER_BLOCK = 0,
  SHARED_SIZE_BYTES = 1,
  NUM_REGS = 4,
  PTX_VERSION = 5,
  BINARY_VERSION = 6,
  MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
};

int check_launch(const Function &f, const dim3 &grid, const dim3 &block, size_t shared) {
  unsigned long threads = (unsigned long)block.x * block.y * block.z;
  const char *problem = nullptr;
  if (!grid.x || !grid.y || !grid.z || !block.x || !block.y || !block.z) {
    problem = "a grid or block dimension is 0";
  } else if (threads > 1024 || block.x > 1024 || block.y > 1024 || block.z > 64) {
    problem = "a block has at most 1024 threads, 64 in z";
  } else if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    problem = "a grid has at most 65535 blocks in y and z";
  } else if (shared > size_t(f.max_dynamic_shared)) {
    problem = "more dynamic shared memory than the kernel is allowed";
  }
  if (!problem && threads <= f.kernel.max_threads) return SUCCESS;
  report("launch of %s, grid (%u,%u,%u), block (%u,%u,%u), %zu bytes of shared memory: %s",
         f.name.c_str(), grid.x, grid.y, grid.z, block.x, block.y, block.z, shared,
         problem ? problem : "more threads than its __launch_bounds__");
  return problem ? INVALID_VALUE : LAUNCH_OUT_OF_RESOURCES;
}

Grid describe(const Function &f, const dim3 &grid, const dim3 &block, size_t shared,
              void **parameters) {
  const Image &image = *f.module->image;
  return {f.name.c_str(), f.kernel.entry,     parameters,         grid,
          block,          shared,             image.tls_module(), image.tls_bytes()};
}

int load(void **module, const void *data) {
  if (int error = refuse_during_capture()) return error;
  int error = SUCCESS;
  auto image = Image::load(data, environment().arch, &error);
  if (!image) return error;
  auto created = std::make_unique<Module>();
  created->image = std::move(image);
  *module = modules().add(std::move(created));
  return SUCCESS;
}

int occupancy(int *blocks, void *handle, int block_size, size_t shared) {
  Function *f = find_function(handle);
  if (!f) return INVALID_HANDLE;
  if (block_size <= 0) return INVALID_VALUE;
  const Limits &l = limits();
  int by_threads = l.threads_per_sm / ((block_size + 31) / 32 * 32);
  int by_shared = int(size_t(l.shared_per_sm) / (shared + f->module->image->tls_bytes() + 1024));
  *blocks = std::min(std::min(by_threads, by_shared), l.blocks_per_sm);
  if (block_size > int(f->kernel.max_threads)) *blocks = 0;
  return SUCCESS;
}

}  // namespace

Function *find_function(void *handle) { return functions().find(handle); }

int kernel_operation(Function *function, const dim3 &grid, const dim3 &block, size_t shared,
                     void **parameters, std::function<int()> *operation) {
  if (int error = check_launch(*function, grid, block, shared)) return error;
  // The values are copied now; what the caller's pointers lead to may change before the replay.
  struct Arguments {
    std::vector<unsigned long long> storage;
    std::vector<void *> addresses;
  };
  auto arguments = std::make_shared<Arguments>();
  const TarnKernel &kernel = function->kernel;
  std::vector<size_t> offsets;
  for (unsigned i = 0; i < kernel.parameter_count; i++) {
    offsets.push_back(arguments->storage.size());
    // Two words and a round-up keep every value aligned to 16 bytes.
    arguments->storage.resize(offsets[i] + (kernel.parameter_sizes[i] + 15) / 16 * 2);
  }
  for (unsigned i = 0; i < kernel.parameter_count; i++) {
    void *value = &arguments->storage[offsets[i]];
    memcpy(value, parameters[i], kernel.parameter_sizes[i]);
    arguments->addresses.push_back(value);
  }
  Grid launch = describe(*function, grid, block, shared, arguments->addresses.data());
  *operation = [arguments, launch] { return int(run_grid(launch)); };
  return SUCCESS;
}

}  // namespace tarn

using namespace tarn;

DRIVER_API cuModuleLoadData(void **module, const void *image) {
  ENTER_CONTEXT();
  return load(module, image);
}

DRIVER_API cuModuleLoadDataEx(void **module, const void *image, unsigned, int *, void **) {
  ENTER_CONTEXT();
  return load(module, image);
}

DRIVER_API cuModuleLoad(void **module, const char *path) {
  ENTER_CONTEXT();
  std::string data;
  FILE *file = fopen(path, "rb");
  if (!file) return FILE_NOT_FOUND;
  char buffer[65536];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) data.append(buffer, n);
  fclose(file);
  return load(module, data.c_str());
}

DRIVER_API cuModuleUnload(void *handle) {
  ENTER_CONTEXT();
  auto module = modules().take(handle);
  if (!module) return INVALID_HANDLE;
  for (auto &entry : module->functions) functions().take(entry.second);
  for (uintptr_t address : module->variables) unregister_variable(address);
  return SUCCESS;
}

DRIVER_API cuModuleGetFunction(void **function, void *handle, const char *name) {
  ENTER_CONTEXT();
  Module *module = modules().find(handle);
  if (!module) return INVALID_HANDLE;
  Function *&slot = module->functions[name];
  if (!slot) {
    auto created = std::make_unique<Function>();
    created->name = name;
    created->module = module;
    if (!module->image->find_kernel(name, &created->kernel)) {
      module->functions.erase(name);
      return NOT_FOUND;
    }
    slot = functions().add(std::move(created));
  }
  *function = slot;
  return SUCCESS;
}

DRIVER_API cuModuleGetGlobal_v2(CUdeviceptr *p, size_t *bytes, void *handle, const char *name) {
  ENTER_CONTEXT();
  Module *module = modules().find(handle);
  if (!module) return INVALID_HANDLE;
  void *address;
  size_t size;
  if (!module->image->find_variable(name, &address, &size)) return NOT_FOUND;
  module->variables.push_back(reinterpret_cast<uintptr_t>(address));
  register_variable(module->variables.back(), size);
  if (p) *p = module->variables.back();
  if (bytes) *bytes = size;
  return SUCCESS;
}

DRIVER_API cuFuncGetModule(void **module, void *handle) {
  ENTER_CONTEXT();
  Function *f = find_function(handle);
  if (!f) return INVALID_HANDLE;
  *module = f->module;
  return SUCCESS;
}

DRIVER_API cuFuncSetAttribute(void *handle, int attribute, int value) {
  ENTER_CONTEXT();
  Function *f = find_function(handle);
  if (!f) return INVALID_HANDLE;
  if (attribute != MAX_DYNAMIC_SHARED_SIZE_BYTES) return SUCCESS;
  if (value < 0 || value > limits().shared_per_block) return INVALID_VALUE;
  f->max_dynamic_shared = value;
  return SUCCESS;
}

DRIVER_API cuFuncSetCacheConfig(void *handle, int) {
  ENTER_CONTEXT();
  return find_function(handle) ? SUCCESS : INVALID_HANDLE;
}

DRIVER_API cuFuncGetAttribute(int *value, int attribute, void *handle) {
  ENTER_CONTEXT();
  Function *f = find_function(handle);
  if (!f) return INVALID_HANDLE;
  switch (attribute) {
    case MAX_THREADS_PER_BLOCK:
      *value = int(f->kernel.max_threads);
      break;
    case SHARED_SIZE_BYTES:  // of the whole module: the kernels' shares are not known
      *value = int(f->module->image->tls_bytes());
      break;
    case NUM_REGS:
      *value = 32;
      break;
    case PTX_VERSION:
    case BINARY_VERSION:
      *value = f->module->image->arch();
      break;
    case MAX_DYNAMIC_SHARED_SIZE_BYTES:
      *value = f->max_dynamic_shared;
      break;
    default:
      *value = 0;
  }
  return SUCCESS;
}

DRIVER_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int block_size,
                                                       size_t shared) {
  ENTER_CONTEXT();
  return occupancy(blocks, function, block_size, shared);
}

DRIVER_API cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, void *function,
                                                                int block_size, size_t shared,
                                                                unsigned) {
  ENTER_CONTEXT();
  return occupancy(blocks, function, block_size, shared);
}

DRIVER_API cuOccupancyAvailableDynamicSMemPerBlock(size_t *bytes, void *handle, int blocks, int) {
  ENTER_CONTEXT();
  Function *f = find_function(handle);
  if (!f) return INVALID_HANDLE;
  if (blocks <= 0) return INVALID_VALUE;
  size_t each = size_t(limits().shared_per_sm) / size_t(blocks);
  size_t taken = f->module->image->tls_bytes() + 1024;
  *bytes = each > taken ? each - taken : 0;
  return SUCCESS;
}

// The callback for shared memory by block size is not asked: kernels here name a fixed amount.
DRIVER_API cuOccupancyMaxPotentialBlockSize(int *grid_size, int *block_size, void *handle, void *,
                                            size_t shared, int limit) {
  ENTER_CONTEXT();
  Function *f = find_function(handle);
  if (!f) return INVALID_HANDLE;
  int size = int(f->kernel.max_threads);
  if (limit > 0) size = std::min(size, limit);
  int blocks;
  if (int error = occupancy(&blocks, handle, size, shared)) return error;
  int multiprocessors;
  cuDeviceGetAttribute(&multiprocessors, 16, current_context()->device);
  *block_size = size;
  *grid_size = blocks * multiprocessors;
  return SUCCESS;
}

DRIVER_API cuLaunchKernel(void *handle, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                          unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                          void *stream, void **parameters, void **extra) {
  ENTER_CONTEXT();
  Function *f = find_function(handle);
  Stream *s = find_stream(stream);
  if (!f) return INVALID_HANDLE;
  if (int error = check_submit(s)) return error;
  if (extra || (!parameters && f->kernel.parameter_count > 0)) return INVALID_VALUE;
  dim3 grid(grid_x, grid_y, grid_z), block(block_x, block_y, block_z);
  if (s->capture) {
    std::function<int()> operation;
    if (int error = kernel_operation(f, grid, block, shared, parameters, &operation)) return error;
    s->capture->graph->add(NODE_KERNEL, std::move(operation));
    return SUCCESS;
  }
  if (int error = check_launch(*f, grid, block, shared)) return error;
  count(LAUNCHES_OUTSIDE_GRAPHS);
  return finish(run_grid(describe(*f, grid, block, shared, parameters)));
}
