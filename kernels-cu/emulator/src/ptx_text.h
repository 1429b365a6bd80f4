// The emulator's "PTX": a shared object as base64 text, because JCuda passes PTX as a Java string.
#pragma once

#include <string>

namespace tarn {

std::string encode_ptx(const std::string &elf, int arch);
bool is_ptx(const char *text);
// The shared object again; empty if the text is none.
std::string decode_ptx(const char *text);

}  // namespace tarn
