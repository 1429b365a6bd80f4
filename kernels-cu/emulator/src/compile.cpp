#include "compile.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "environment.h"
#include "kernel_source.h"

extern char **environ;

namespace tarn {
namespace {

using Words = std::vector<std::string>;

std::string read_file(const std::string &path) {
  std::string text;
  if (FILE *file = fopen(path.c_str(), "rb")) {
    char buffer[65536];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
    fclose(file);
  }
  return text;
}

bool write_file(const std::string &path, const std::string &text) {
  // Headers may have directories in their names.
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    mkdir(path.substr(0, slash).c_str(), 0700);
  }
  FILE *file = fopen(path.c_str(), "wb");
  if (!file) return false;
  bool written = fwrite(text.data(), 1, text.size(), file) == text.size();
  return fclose(file) == 0 && written;
}

// A private directory for one compilation, removed afterwards.
class Workspace {
 public:
  Workspace() {
    const char *tmp = getenv("TMPDIR");
    path_ = std::string(tmp && *tmp ? tmp : "/tmp") + "/tarn-nvrtc-XXXXXX";
    if (!mkdtemp(path_.data())) path_.clear();
  }
  ~Workspace() {
    if (path_.empty() || getenv("TARN_EMULATOR_KEEP")) return;
    auto unlink_entry = [](const char *path, const struct stat *, int, FTW *) {
      return remove(path);
    };
    nftw(path_.c_str(), unlink_entry, 16, FTW_DEPTH | FTW_PHYS);
  }
  const std::string &path() const { return path_; }

 private:
  std::string path_;
};

void append_words(Words *words, const char *text) {
  for (const char *p = text; p && *p;) {
    size_t length = strcspn(p, " ");
    if (length) words->push_back(std::string(p, length));
    p += length + (p[length] == ' ');
  }
}

Words compiler() {
  Words words;
  append_words(&words, getenv("TARN_EMULATOR_CXX"));
  if (words.empty()) words.push_back("g++");
  return words;
}

// Exit status, or -1 if the program could not be started. Both outputs go to the log file.
int run(const Words &words, const std::string &log) {
  std::vector<char *> arguments, variables;
  for (const std::string &word : words) arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  // A sanitizer preloaded into the JVM is not for the compiler.
  for (char **v = environ; *v; v++) {
    if (strncmp(*v, "LD_PRELOAD=", 11) != 0) variables.push_back(*v);
  }
  variables.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid;
  int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(),
                           variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error) return -1;
  int status;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// "file:12:3: error: text" becomes NVRTC's "file(12): error: text"; the workspace's name vanishes.
std::string translate_log(const std::string &raw, const std::string &workspace,
                          const std::string &name) {
  std::string log;
  int errors = 0;
  for (size_t begin = 0; begin < raw.size();) {
    size_t end = raw.find('\n', begin);
    if (end == std::string::npos) end = raw.size();
    std::string line = raw.substr(begin, end - begin);
    begin = end + 1;
    for (const std::string &prefix : {workspace + "/include/", workspace + "/"}) {
      for (size_t at; (at = line.find(prefix)) != std::string::npos;) line.erase(at, prefix.size());
    }
    size_t error = line.find("error: ");
    if (error != std::string::npos) {
      errors++;
      size_t colon = line.rfind(": ", error);
      size_t column = line.rfind(':', colon - 1);
      size_t number = column == std::string::npos ? column : line.rfind(':', column - 1);
      if (number != std::string::npos && number + 1 < column) {
        line = line.substr(0, number) + "(" + line.substr(number + 1, column - number - 1) +
               "): " + line.substr(error);
      }
    }
    log += line + "\n";
  }
  if (errors) {
    log += "\n" + std::to_string(errors) + (errors == 1 ? " error" : " errors") +
           " detected in the compilation of \"" + name + "\".\n";
  }
  return log;
}

std::string entries(const KernelSource &source, const Compilation &compilation,
                    const CompileOptions &options) {
  std::string text = "\n# 1 \"kernel entries\"\n";
  auto add = [&](const std::string &name, const std::string &bound, const std::string &function) {
    std::string b = bound.empty() ? "1024" : bound;
    text += "static void tarn_entry_" + name + "(void **tarn_p) { tarn_dispatch(" + function +
            ", tarn_p); }\nextern \"C\" __attribute__((visibility(\"default\"))) void tarn_kernel_" +
            name + "(TarnKernel *tarn_k) { *tarn_k = tarn_describe(" + function +
            ", tarn_entry_" + name + ", " + b + "); }\n";
  };
  for (const auto &kernel : source.kernels) add(kernel.name, kernel.bound, kernel.name);
  for (const auto &e : compilation.expressions) {
    // An extern "C" kernel may be named by an expression too; it has its entry already.
    bool known = false;
    for (const auto &kernel : source.kernels) known |= kernel.name == e.second;
    if (!known) add(e.second, "", e.first);
  }
  text += "extern \"C\" __attribute__((visibility(\"default\"))) const int tarn_image_arch;\n"
          "const int tarn_image_arch = " + std::to_string(options.arch) + ";\n";
  return text;
}

}  // namespace

std::string library_directory() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&library_directory), &info)) return ".";
  std::string path = info.dli_fname;
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

CompileResult compile(const Compilation &compilation, const CompileOptions &options,
                      std::string *image, std::string *log) {
  Workspace workspace;
  const std::string &dir = workspace.path();
  if (dir.empty()) {
    *log = "nvrtc: error: cannot create a temporary directory\n";
    return CompileResult::INTERNAL_ERROR;
  }
  mkdir((dir + "/include").c_str(), 0700);
  bool written = write_file(dir + "/main.cu",
                            "#line 1 \"" + compilation.name + "\"\n" + compilation.source + "\n");
  for (const auto &header : compilation.headers) {
    written = write_file(dir + "/include/" + header.first, header.second) && written;
  }
  if (!written) {
    *log = "nvrtc: error: cannot write to " + dir + "\n";
    return CompileResult::INTERNAL_ERROR;
  }
  const char *extra = getenv("TARN_EMULATOR_CXXFLAGS");
  const std::string libraries = library_directory(), log_file = dir + "/log";

  Words preprocess = compiler();
  for (const char *word : {"-E", "-nostdinc", "-nostdinc++", "-w", "-march=native"}) {
    preprocess.push_back(word);
  }
  preprocess.push_back("-std=" + options.standard);
  preprocess.push_back("-D__CUDA_ARCH__=" + std::to_string(options.arch * 10));
  const bool races = environment().races;
  if (races) preprocess.push_back("-D__TARN_RACES__=1");
  if (options.feature) {
    preprocess.push_back("-D__CUDA_ARCH_FEAT_SM" + std::to_string(options.arch) + "_ALL=1");
  }
  for (const std::string &word : options.preprocessor) preprocess.push_back(word);
  append_words(&preprocess, extra);
  preprocess.insert(preprocess.end(),
                    {"-I" + dir + "/include", "-include", libraries + "/shim/tarn_cuda_shim.h",
                     "-x", "c++", dir + "/main.cu", "-o", dir + "/main.ii"});
  int status = run(preprocess, log_file);
  if (status < 0) {
    *log = "nvrtc: error: cannot start " + preprocess[0] +
           ", which the CUDA emulator compiles kernels with\n";
    return CompileResult::INTERNAL_ERROR;
  }
  if (status == 0) {
    KernelSource source = rewrite_kernels(read_file(dir + "/main.ii"));
    write_file(dir + "/kernel.ii", source.text + entries(source, compilation, options));
    Words build = compiler();
    for (const char *word :
         {"-O2", "-g1", "-march=native", "-fPIC", "-shared", "-fvisibility=hidden",
          "-fno-gnu-unique", "-fno-exceptions", "-fno-math-errno", "-fno-trapping-math", "-w",
          // A GPU refuses a misaligned float4; this costs no measurable time.
          "-fsanitize=alignment", "-fsanitize-undefined-trap-on-error"}) {
      build.push_back(word);
    }
    build.push_back("-std=" + options.standard);
    build.push_back(options.fmad ? "-ffp-contract=fast" : "-ffp-contract=off");
    append_words(&build, extra);
    std::string object = dir + "/kernel.ii";
    if (races) {
      // Linked by itself, or gcc would add its own detector.
      object = dir + "/kernel.o";
      Words instrument = build;
      instrument.insert(instrument.end(), {"-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0", "--param=tsan-distinguish-volatile=1",
                                           "-c", "-x", "c++-cpp-output", dir + "/kernel.ii", "-o", object});
      status = run(instrument, log_file);
    }
    if (status == 0) {
      if (!races) build.insert(build.end(), {"-x", "c++-cpp-output"});
      build.insert(build.end(), {object, "-x", "none", "-o", dir + "/kernel.so", "-L" + libraries,
                                 "-l:libcuda.so.1"});
      status = run(build, log_file);
    }
  }
  *log = translate_log(read_file(log_file), dir, compilation.name);
  if (status != 0) return CompileResult::SOURCE_ERROR;
  *image = read_file(dir + "/kernel.so");
  return CompileResult::DONE;
}

}  // namespace tarn
