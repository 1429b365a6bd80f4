// Data races in kernels, found by the order that barriers and fences give: two accesses to a byte, one of
// them a write, whose order nothing decides. Which of them the emulator happened to run first plays no part.
//
// Ordered are the accesses of one thread; of threads of a block, with a barrier between, or with a
// __syncwarp() of their whole warp; of two blocks, where a thread of the first, after a barrier or its own
// accesses, calls __threadfence() and an atomic function, and a thread of the second calls an atomic function
// on the same address and __threadfence(), after which it and, from the next barrier on, its block see what
// was stored. Shuffles and votes order nothing.
//
// Kernels are compiled with -fsanitize=thread, which calls a function before each access to memory; these are
// ours, not those of libtsan. Blocks run one after the other on one thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

struct Grid;

// Whether TARN_EMULATOR_RACES asks for it.
bool looking_for_races();

void race_begin_grid(const Grid &grid);
// A block begins; its number in the grid, and where its shared memory lies.
void race_begin_block(uint64_t block, const void *fixed, size_t fixed_bytes, const void *dynamic,
                      size_t dynamic_bytes);
// All threads of the block, or of one of its warps, wait for each other.
void race_barrier();
void race_warp_barrier(int warp);

}  // namespace tarn
