// A compiled kernel file: a shared object, as the emulated NVRTC hands it out, loaded from memory.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "../shim/kernel_abi.h"

namespace tarn {

class Image {
 public:
  // nullptr with *error set if this is no image, or none for a device of this architecture.
  static std::unique_ptr<Image> load(const void *data, int device_arch, int *error);
  ~Image();

  bool find_kernel(const std::string &name, TarnKernel *kernel) const;
  bool find_variable(const std::string &name, void **address, size_t *bytes) const;
  // Thread-local memory, which is what static __shared__ variables are; 0 without any.
  size_t tls_module() const { return tls_module_; }
  size_t tls_bytes() const { return tls_bytes_; }
  int arch() const { return arch_; }

 private:
  struct Variable {
    size_t offset, bytes;
  };

  bool open(const std::string &elf);
  void read_headers(const std::string &elf);

  int fd_ = -1;
  void *library_ = nullptr;
  int arch_ = 0;
  size_t tls_module_ = 0;
  size_t tls_bytes_ = 0;
  std::map<std::string, Variable> variables_;
};

}  // namespace tarn
