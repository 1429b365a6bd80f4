#include "image.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "environment.h"
#include "launch.h"
#include "ptx_text.h"
#include "results.h"

namespace tarn {
namespace {

// The size of an ELF file in memory: its section headers come last.
size_t elf_size(const Elf64_Ehdr &header) {
  return header.e_shoff + size_t(header.e_shnum) * header.e_shentsize;
}

bool is_our_elf(const void *data) {
  const auto &header = *static_cast<const Elf64_Ehdr *>(data);
  return memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_machine == EM_X86_64;
}

// A cubin runs on its own major version, from its minor version up; PTX on everything newer.
bool suits(int image_arch, bool ptx, int device_arch) {
  if (ptx) return image_arch <= device_arch;
  return image_arch / 10 == device_arch / 10 && image_arch <= device_arch;
}

}  // namespace

std::unique_ptr<Image> Image::load(const void *data, int device_arch, int *error) {
  *error = INVALID_IMAGE;
  std::string elf;
  bool ptx = is_ptx(static_cast<const char *>(data));
  if (ptx) {
    elf = decode_ptx(static_cast<const char *>(data));
    if (elf.size() < sizeof(Elf64_Ehdr) || !is_our_elf(elf.data())) return nullptr;
  } else {
    if (!is_our_elf(data)) return nullptr;
    elf.assign(static_cast<const char *>(data), elf_size(*static_cast<const Elf64_Ehdr *>(data)));
  }
  std::unique_ptr<Image> image(new Image);
  if (!image->open(elf)) return nullptr;
  auto *arch = static_cast<const int *>(dlsym(image->library_, "tarn_image_arch"));
  if (!arch) return nullptr;
  image->arch_ = *arch;
  *error = suits(*arch, ptx, device_arch) ? SUCCESS : NO_BINARY_FOR_GPU;
  return *error ? nullptr : std::move(image);
}

bool Image::open(const std::string &elf) {
  fd_ = memfd_create("tarn-image", MFD_CLOEXEC);
  for (size_t done = 0; fd_ >= 0 && done < elf.size();) {
    ssize_t n = write(fd_, elf.data() + done, elf.size() - done);
    if (n <= 0) return false;
    done += size_t(n);
  }
  // The descriptor stays open for addr2line and sanitizers, which read the file by this name.
  std::string path = "/proc/self/fd/" + std::to_string(fd_);
  library_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_) {
    report("cannot load a kernel image: %s", dlerror());
    return false;
  }
  read_headers(elf);
  return true;
}

void Image::read_headers(const std::string &elf) {
  const auto &header = *reinterpret_cast<const Elf64_Ehdr *>(elf.data());
  const auto *segments = reinterpret_cast<const Elf64_Phdr *>(elf.data() + header.e_phoff);
  for (int i = 0; i < header.e_phnum; i++) {
    if (segments[i].p_type == PT_TLS) tls_bytes_ = segments[i].p_memsz;
  }
  if (tls_bytes_) dlinfo(library_, RTLD_DI_TLS_MODID, &tls_module_);

  const auto *sections = reinterpret_cast<const Elf64_Shdr *>(elf.data() + header.e_shoff);
  for (int i = 0; i < header.e_shnum; i++) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const char *names = elf.data() + sections[sections[i].sh_link].sh_offset;
    const auto *symbol = reinterpret_cast<const Elf64_Sym *>(elf.data() + sections[i].sh_offset);
    const auto *end = symbol + sections[i].sh_size / sizeof(Elf64_Sym);
    for (; symbol < end; symbol++) {
      if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT) continue;
      variables_[names + symbol->st_name] = {symbol->st_value, symbol->st_size};
    }
  }
}

Image::~Image() {
  if (library_) dlclose(library_);
  if (fd_ >= 0) close(fd_);
}

bool Image::find_kernel(const std::string &name, TarnKernel *kernel) const {
  using Describe = void (*)(TarnKernel *);
  auto describe = reinterpret_cast<Describe>(dlsym(library_, ("tarn_kernel_" + name).c_str()));
  if (describe) describe(kernel);
  return describe != nullptr;
}

bool Image::find_variable(const std::string &name, void **address, size_t *bytes) const {
  auto i = variables_.find(name);
  // A static variable carries its length in its C++ name.
  if (i == variables_.end()) i = variables_.find("_ZL" + std::to_string(name.size()) + name);
  if (i == variables_.end()) return false;
  link_map *map;
  if (dlinfo(library_, RTLD_DI_LINKMAP, &map) != 0) return false;
  *address = reinterpret_cast<void *>(map->l_addr + i->second.offset);
  *bytes = i->second.bytes;
  return true;
}

std::string source_line(const void *code) {
  Dl_info info;
  if (!dladdr(const_cast<void *>(code), &info) || !info.dli_fname) return "";
  std::string file = info.dli_fname;
  const std::string self = "/proc/self/";
  if (file.compare(0, self.size(), self) != 0) return "";
  // addr2line is another process, to which "self" is itself.
  file = "/proc/" + std::to_string(getpid()) + "/" + file.substr(self.size());
  char command[256];
  // With the callers of what was inlined: an atomic function's line is its caller's.
  snprintf(command, sizeof command, "LD_PRELOAD= addr2line -i -e %s %#lx 2>/dev/null", file.c_str(),
           (unsigned long)code - (unsigned long)info.dli_fbase);
  FILE *pipe = popen(command, "r");
  if (!pipe) return "";
  char line[512] = "";
  while (fgets(line, sizeof line, pipe) && strstr(line, "/shim/")) {
  }
  pclose(pipe);
  std::string result = line;
  result = result.substr(0, result.find_first_of(" \n"));
  if (result.compare(0, 2, "??") == 0) return "";
  size_t slash = result.rfind('/');
  return slash == std::string::npos ? result : result.substr(slash + 1);
}

}  // namespace tarn
