// Turns preprocessed CUDA C++ into C++ that g++ compiles.
#pragma once

#include <string>
#include <vector>

namespace tarn {

struct KernelSource {
  std::string text;  // same lines as the input
  struct Kernel {
    std::string name;
    std::string bound;  // the expression in __launch_bounds__, or ""
  };
  std::vector<Kernel> kernels;  // those with C linkage; the others need a name expression
};

// Removes __global__ and __launch_bounds__, makes static __shared__ variables thread-local (a worker
// runs one block at a time) and `extern __shared__` ones pointers to the block's dynamic memory.
KernelSource rewrite_kernels(const std::string &preprocessed);

}  // namespace tarn
