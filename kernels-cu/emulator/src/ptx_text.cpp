#include "ptx_text.h"

#include <cstring>

namespace tarn {
namespace {
constexpr char HEADER[] = "//\n// Tarn CUDA emulator, not PTX\n//\n";
constexpr char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace

std::string encode_ptx(const std::string &elf, int arch) {
  std::string text = HEADER;
  text += ".version 8.5\n.target sm_" + std::to_string(arch) + "\n//";
  unsigned bits = 0;
  int held = 0;
  for (unsigned char byte : elf) {
    bits = bits << 8 | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += DIGITS[bits >> held & 63];
    }
  }
  if (held > 0) text += DIGITS[bits << (6 - held) & 63];
  return text + "\n";
}

bool is_ptx(const char *text) { return strncmp(text, HEADER, sizeof HEADER - 1) == 0; }

std::string decode_ptx(const char *text) {
  std::string elf;
  const char *target = strstr(text, ".target");
  const char *p = target ? strstr(target, "\n//") : nullptr;
  if (!p) return elf;
  unsigned bits = 0;
  int held = 0;
  for (p += 3; *p; p++) {
    const char *digit = strchr(DIGITS, *p);
    if (!digit) break;
    bits = bits << 6 | unsigned(digit - DIGITS);
    held += 6;
    if (held >= 8) {
      held -= 8;
      elf += char(bits >> held & 255);
    }
  }
  return elf;
}

}  // namespace tarn
