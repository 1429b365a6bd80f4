// Device and pinned host memory: where it lies, how much there is, what an address belongs to.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

struct Context;

// New device memory, poisoned; OUT_OF_MEMORY past the device's size.
int allocate_device(Context *context, size_t bytes, uintptr_t *address);
int free_device(uintptr_t address);
// Start and size of the device allocation around the address; false if there is none.
bool find_allocation(uintptr_t address, uintptr_t *start, size_t *bytes);
// Device bytes in use in the context's device.
size_t used_memory(Context *context);

// __constant__ and __device__ variables of a module, which copies may touch as well.
void register_variable(uintptr_t address, size_t bytes);
void unregister_variable(uintptr_t address);

int allocate_pinned(size_t bytes, void **address);
int free_pinned(void *address);
int register_pinned(void *address, size_t bytes);
int unregister_pinned(void *address);

enum class Host { PAGEABLE, PINNED, PINNED_TOO_SHORT };
// What kind of host memory [p, p + bytes) is.
Host classify_host(const void *p, size_t bytes);

}  // namespace tarn
