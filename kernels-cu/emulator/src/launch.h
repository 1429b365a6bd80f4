// Runs grids of blocks on the calling thread and a pool of workers.
#pragma once

#include "fibers.h"

namespace tarn {

// Runs all blocks; returns when they are done. One grid runs at a time.
Result run_grid(const Grid &grid);

// Calls body(context, i) for i in [0, total). The caller starts; workers join when that is not done
// within some microseconds, so that small jobs pay for no wake-up. body must not depend on the order.
void parallel_for(long total, void (*body)(void *context, long i), void *context);

// Turns SIGSEGV and its like inside a kernel into CUDA errors; all others go where they went before.
void install_fault_handler();

// After a fault: what lies at the address, for the message. Defined by the driver's memory.
std::string describe_address(const void *address);
// "softmax.cu:31", or "" where it cannot be found. Defined by the driver's modules.
std::string source_line(const void *code);
// False, with a message, if the kernel wrote into the margins of an allocation (guard mode only).
bool check_margins(const char *kernel_name);

}  // namespace tarn
