// Runs g++ on a kernel file.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tarn {

struct Compilation {
  std::string source;
  std::string name;
  std::vector<std::pair<std::string, std::string>> headers;  // include name, text
  std::vector<std::pair<std::string, std::string>> expressions;  // name expression, lowered name
};

// What the options of nvrtcCompileProgram come to.
struct CompileOptions {
  int arch = 75;           // the lowest supported is the default
  bool is_virtual = true;  // compute_XX rather than sm_XX
  bool feature = false;    // sm_90a
  bool fmad = true;
  std::string standard = "c++17";
  std::vector<std::string> preprocessor;  // -D, -U, -I, -include
};

// False if an option is not known; the message goes to log.
bool parse_options(int count, const char *const *options, CompileOptions *parsed,
                   std::string *log);

enum class CompileResult { DONE, SOURCE_ERROR, INTERNAL_ERROR };

// The shared object in *image; the compiler's words, in NVRTC's format, in *log.
CompileResult compile(const Compilation &compilation, const CompileOptions &options,
                      std::string *image, std::string *log);

// The directory of the emulator's libraries and its shim.
std::string library_directory();

}  // namespace tarn
