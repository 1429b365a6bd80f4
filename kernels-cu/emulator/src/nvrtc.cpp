// libnvrtc.so.12: the API, over g++. A "cubin" is a shared object, see image.h.
#include <cctype>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>

#include "compile.h"
#include "environment.h"
#include "ptx_text.h"

#define NVRTC_API extern "C" __attribute__((visibility("default")))

namespace {

enum NvrtcResult {
  NVRTC_SUCCESS = 0,
  NVRTC_ERROR_INVALID_INPUT = 3,
  NVRTC_ERROR_INVALID_PROGRAM = 4,
  NVRTC_ERROR_INVALID_OPTION = 5,
  NVRTC_ERROR_COMPILATION = 6,
  NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION = 8,
  NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION = 9,
  NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID = 10,
  NVRTC_ERROR_INTERNAL_ERROR = 11,
};

constexpr int ARCHS[] = {75, 80, 86, 89, 90};

struct Program {
  tarn::Compilation compilation;
  tarn::CompileOptions options;
  bool compiled = false;
  std::string log, image, ptx;
};

Program *program(void *handle) { return static_cast<Program *>(handle); }

// A name that an entry point can have, the same for the same expression in every process. A plain
// name stands for itself.
std::string lower(const std::string &expression) {
  std::string name;
  bool plain = true;
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (char c : expression) {
    hash = (hash ^ (unsigned char)c) * 0x100000001b3u;
    bool word = isalnum((unsigned char)c) || c == '_';
    plain &= word;
    name += word ? c : '_';
  }
  return plain ? name : "_Z" + name + "_" + std::to_string(hash);
}

void copy(const std::string &from, char *to) { memcpy(to, from.c_str(), from.size() + 1); }

}  // namespace

#define ENTER_PROGRAM(handle)                                                      \
  if (int fault = tarn::injected_fault(__func__)) return fault;                    \
  if (!(handle)) return NVRTC_ERROR_INVALID_PROGRAM

NVRTC_API int nvrtcVersion(int *major, int *minor) {
  if (int fault = tarn::injected_fault(__func__)) return fault;
  *major = 12;
  // Kernels of race mode are compiled otherwise: a cache of kernels keeps versions apart.
  *minor = tarn::environment().races ? 7 : 6;
  return NVRTC_SUCCESS;
}

NVRTC_API const char *nvrtcGetErrorString(int result) {
  static const char *const names[] = {
      "NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
      "NVRTC_ERROR_INVALID_INPUT", "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION",
      "NVRTC_ERROR_COMPILATION", "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
      "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
      "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION", "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID",
      "NVRTC_ERROR_INTERNAL_ERROR",
  };
  return result >= 0 && result < 12 ? names[result] : "NVRTC_ERROR unknown";
}

NVRTC_API int nvrtcGetNumSupportedArchs(int *count) {
  *count = sizeof ARCHS / sizeof ARCHS[0];
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcGetSupportedArchs(int *archs) {
  memcpy(archs, ARCHS, sizeof ARCHS);
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcCreateProgram(void **handle, const char *source, const char *name, int count,
                                 const char *const *headers, const char *const *include_names) {
  if (int fault = tarn::injected_fault(__func__)) return fault;
  if (!source || count < 0) return NVRTC_ERROR_INVALID_INPUT;
  auto created = std::make_unique<Program>();
  created->compilation.source = source;
  created->compilation.name = name && *name ? name : "default_program";
  for (int i = 0; i < count; i++) {
    created->compilation.headers.emplace_back(include_names[i], headers[i]);
  }
  *handle = created.release();
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcDestroyProgram(void **handle) {
  ENTER_PROGRAM(handle && *handle);
  delete program(*handle);
  *handle = nullptr;
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcAddNameExpression(void *handle, const char *expression) {
  ENTER_PROGRAM(handle);
  Program *p = program(handle);
  if (p->compiled) return NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION;
  for (const auto &e : p->compilation.expressions) {
    if (e.first == expression) return NVRTC_SUCCESS;
  }
  p->compilation.expressions.emplace_back(expression, lower(expression));
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcGetLoweredName(void *handle, const char *expression, const char **name) {
  ENTER_PROGRAM(handle);
  Program *p = program(handle);
  if (!p->compiled) return NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION;
  for (const auto &e : p->compilation.expressions) {
    if (e.first == expression) {
      *name = e.second.c_str();
      return NVRTC_SUCCESS;
    }
  }
  return NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID;
}

NVRTC_API int nvrtcCompileProgram(void *handle, int count, const char *const *options) {
  ENTER_PROGRAM(handle);
  Program *p = program(handle);
  p->log.clear();
  p->image.clear();
  p->ptx.clear();
  p->options = tarn::CompileOptions();
  if (!tarn::parse_options(count, options, &p->options, &p->log)) {
    return NVRTC_ERROR_INVALID_OPTION;
  }
  switch (tarn::compile(p->compilation, p->options, &p->image, &p->log)) {
    case tarn::CompileResult::INTERNAL_ERROR:
      return NVRTC_ERROR_INTERNAL_ERROR;
    case tarn::CompileResult::SOURCE_ERROR:
      return NVRTC_ERROR_COMPILATION;
    default:
      p->compiled = true;
      p->ptx = tarn::encode_ptx(p->image, p->options.arch);
      // As with the real one, there is no cubin for a virtual architecture.
      if (p->options.is_virtual) p->image.clear();
      return NVRTC_SUCCESS;
  }
}

NVRTC_API int nvrtcGetProgramLogSize(void *handle, size_t *bytes) {
  ENTER_PROGRAM(handle);
  *bytes = program(handle)->log.size() + 1;
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcGetProgramLog(void *handle, char *log) {
  ENTER_PROGRAM(handle);
  copy(program(handle)->log, log);
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcGetCUBINSize(void *handle, size_t *bytes) {
  ENTER_PROGRAM(handle);
  if (!program(handle)->compiled) return NVRTC_ERROR_INVALID_PROGRAM;
  *bytes = program(handle)->image.size();
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcGetCUBIN(void *handle, char *image) {
  ENTER_PROGRAM(handle);
  if (!program(handle)->compiled) return NVRTC_ERROR_INVALID_PROGRAM;
  memcpy(image, program(handle)->image.data(), program(handle)->image.size());
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcGetPTXSize(void *handle, size_t *bytes) {
  ENTER_PROGRAM(handle);
  if (!program(handle)->compiled) return NVRTC_ERROR_INVALID_PROGRAM;
  *bytes = program(handle)->ptx.size() + 1;
  return NVRTC_SUCCESS;
}

NVRTC_API int nvrtcGetPTX(void *handle, char *text) {
  ENTER_PROGRAM(handle);
  if (!program(handle)->compiled) return NVRTC_ERROR_INVALID_PROGRAM;
  copy(program(handle)->ptx, text);
  return NVRTC_SUCCESS;
}
