#include <cstdlib>
#include <cstring>

#include "compile.h"

namespace tarn {
namespace {

bool starts_with(const std::string &s, const char *prefix) { return s.rfind(prefix, 0) == 0; }

// The value of an option written --name=value, --name value, or -Nvalue; advances *i over it.
bool take(int count, const char *const *options, int *i, const char *name, bool joined,
          std::string *value) {
  std::string option = options[*i];
  size_t length = strlen(name);
  if (option.compare(0, length, name) != 0) return false;
  if (option.size() == length) {
    if (*i + 1 >= count) return false;
    *value = options[++*i];
    return true;
  }
  if (option[length] == '=') {
    *value = option.substr(length + 1);
    return true;
  }
  if (joined) *value = option.substr(length);
  return joined;
}

bool parse_arch(const std::string &value, CompileOptions *parsed) {
  bool real = starts_with(value, "sm_");
  if (!real && !starts_with(value, "compute_")) return false;
  std::string number = value.substr(real ? 3 : 8);
  parsed->feature = !number.empty() && number.back() == 'a';
  parsed->is_virtual = !real;
  parsed->arch = atoi(number.c_str());
  for (int known : {75, 80, 86, 89, 90}) {
    if (known == parsed->arch) return true;
  }
  return false;
}

// Options that have no effect here. Those with a value are written with '=' or take the next word.
bool without_effect(const std::string &option, bool *takes_next) {
  static const char *const flags[] = {
      "-lineinfo", "--generate-line-info", "-G", "--device-debug", "-default-device",
      "--device-as-default-execution-space", "-restrict", "--restrict", "-w", "--disable-warnings",
      "-extra-device-vectorization", "--extra-device-vectorization", "-rdc=false",
      "--relocatable-device-code=false", "--dopt=on", "-dopt=on", "-ewp",
  };
  static const char *const with_value[] = {
      "--ptxas-options", "-Xptxas", "--maxrregcount", "-maxrregcount", "--ftz", "-ftz",
      "--prec-div", "-prec-div", "--prec-sqrt", "-prec-sqrt", "--diag-suppress", "-diag-suppress",
      "--diag-error", "-diag-error", "--optimization-level", "--split-compile",
  };
  *takes_next = false;
  for (const char *flag : flags) {
    if (option == flag) return true;
  }
  for (const char *name : with_value) {
    if (option == name) return *takes_next = true;
    if (starts_with(option, (std::string(name) + "=").c_str())) return true;
  }
  return false;
}

}  // namespace

bool parse_options(int count, const char *const *options, CompileOptions *parsed,
                   std::string *log) {
  for (int i = 0; i < count; i++) {
    std::string option = options[i], value;
    bool takes_next;
    if (take(count, options, &i, "--define-macro", false, &value) ||
        take(count, options, &i, "-D", true, &value)) {
      parsed->preprocessor.push_back("-D" + value);
    } else if (take(count, options, &i, "--undefine-macro", false, &value) ||
               take(count, options, &i, "-U", true, &value)) {
      parsed->preprocessor.push_back("-U" + value);
    } else if (take(count, options, &i, "--include-path", false, &value) ||
               take(count, options, &i, "-I", true, &value)) {
      parsed->preprocessor.push_back("-I" + value);
    } else if (take(count, options, &i, "--pre-include", false, &value) ||
               take(count, options, &i, "-include", false, &value)) {
      parsed->preprocessor.push_back("-include");
      parsed->preprocessor.push_back(value);
    } else if (take(count, options, &i, "--gpu-architecture", false, &value) ||
               take(count, options, &i, "-arch", false, &value)) {
      if (!parse_arch(value, parsed)) {
        *log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
        return false;
      }
    } else if (take(count, options, &i, "--std", false, &value) ||
               take(count, options, &i, "-std", false, &value)) {
      parsed->standard = value;
    } else if (take(count, options, &i, "--fmad", false, &value) ||
               take(count, options, &i, "-fmad", false, &value)) {
      parsed->fmad = value == "true";
    } else if (option == "--use_fast_math" || option == "-use_fast_math") {
      parsed->fmad = true;
      parsed->preprocessor.push_back("-D__USE_FAST_MATH__=1");
    } else if (without_effect(option, &takes_next)) {
      if (takes_next) i++;
    } else {
      *log = "nvrtc: error: unrecognized option " + option + " found\n";
      return false;
    }
  }
  return true;
}

}  // namespace tarn
