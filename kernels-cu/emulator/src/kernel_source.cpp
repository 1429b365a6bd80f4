#include "kernel_source.h"

#include <cctype>

namespace tarn {
namespace {

struct Token {
  size_t begin, end;
  bool is(const std::string &text, const char *word) const {
    return text.compare(begin, end - begin, word) == 0;
  }
};

bool word_character(char c) { return isalnum((unsigned char)c) || c == '_' || c == '$'; }

// Words, numbers, literals, and single characters; line markers and blanks are passed over.
std::vector<Token> tokenize(const std::string &s) {
  std::vector<Token> tokens;
  bool line_start = true;
  for (size_t i = 0; i < s.size();) {
    char c = s[i];
    size_t begin = i;
    if (c == '\n' || isspace((unsigned char)c)) {
      if (c == '\n') line_start = true;
      i++;
      continue;
    }
    if (c == '#' && line_start) {
      while (i < s.size() && s[i] != '\n') i++;
      continue;
    }
    line_start = false;
    if (c == '"' && begin > 0 && s[begin - 1] == 'R') {  // a raw string: R"x( ... )x"
      size_t open = s.find('(', i);
      std::string close = ")" + s.substr(i + 1, open - i - 1) + "\"";
      size_t end = s.find(close, open);
      i = end == std::string::npos ? s.size() : end + close.size();
    } else if (c == '"' || c == '\'') {
      for (i++; i < s.size() && s[i] != c; i++) {
        if (s[i] == '\\') i++;
      }
      i++;
    } else if (isdigit((unsigned char)c)) {
      while (i < s.size() && (word_character(s[i]) || s[i] == '.' || s[i] == '\'')) i++;
    } else if (word_character(c)) {
      while (i < s.size() && word_character(s[i])) i++;
    } else {
      i++;
    }
    tokens.push_back({begin, i});
  }
  return tokens;
}

class Rewriter {
 public:
  explicit Rewriter(const std::string &source) : s_(source), tokens_(tokenize(source)) {}

  KernelSource run() {
    for (size_t i = 0; i < tokens_.size(); i++) {
      if (at(i, "__global__")) {
        erase(i);
        note_kernel(i);
      } else if (at(i, "__launch_bounds__")) {
        replace(tokens_[i].begin, tokens_[matching(i + 1)].end, "");
      } else if (at(i, "__shared__")) {
        shared(i);
      } else if (at(i, "{") || at(i, "}") || at(i, ";")) {
        if (at(i, "{")) c_blocks_.push_back(i >= 2 && at(i - 1, "\"C\"") && at(i - 2, "extern"));
        if (at(i, "}") && !c_blocks_.empty()) c_blocks_.pop_back();
        statement_ = i + 1;
      }
    }
    result_.text += s_.substr(copied_);
    return result_;
  }

 private:
  bool at(size_t i, const char *word) const {
    return i < tokens_.size() && tokens_[i].is(s_, word);
  }
  std::string text(size_t i) const {
    return s_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin);
  }

  // The closing parenthesis for the opening one at i, or the last token.
  size_t matching(size_t i) const {
    int depth = 0;
    for (; i < tokens_.size(); i++) {
      if (at(i, "(")) depth++;
      if (at(i, ")") && --depth == 0) return i;
    }
    return tokens_.size() - 1;
  }

  // Replacements come in the order of the text. Line breaks inside stay, so that lines keep numbers.
  void replace(size_t begin, size_t end, const std::string &by) {
    if (begin < copied_) return;
    result_.text += s_.substr(copied_, begin - copied_) + by;
    for (size_t i = begin; i < end; i++) {
      if (s_[i] == '\n') result_.text += '\n';
    }
    copied_ = end;
  }
  void erase(size_t i) { replace(tokens_[i].begin, tokens_[i].end, ""); }

  bool has_c_linkage(size_t marker) const {
    for (bool c : c_blocks_) {
      if (c) return true;
    }
    for (size_t i = statement_; i + 1 < marker; i++) {
      if (at(i, "extern") && at(i + 1, "\"C\"")) return true;
    }
    return false;
  }

  // From __global__ on: return type, attributes and launch bounds in any order, name, parameters.
  void note_kernel(size_t marker) {
    std::string bound;
    for (size_t i = statement_; i < marker; i++) {
      if (at(i, "__launch_bounds__")) bound = first_argument(i + 1);
    }
    for (size_t i = marker + 1; i + 1 < tokens_.size(); i++) {
      if (at(i, "__launch_bounds__")) {
        bound = first_argument(i + 1);
        i = matching(i + 1);
      } else if (at(i, "__attribute__")) {
        i = matching(i + 1);
      } else if (at(i + 1, "(")) {
        bool defined = at(matching(i + 1) + 1, "{");
        if (defined && has_c_linkage(marker)) result_.kernels.push_back({text(i), bound});
        return;
      }
    }
  }

  std::string first_argument(size_t open) const {
    int depth = 0;
    size_t i = open;
    for (; i < tokens_.size(); i++) {
      if (at(i, "(")) depth++;
      if (at(i, ")") && --depth == 0) break;
      if (at(i, ",") && depth == 1) break;
    }
    return s_.substr(tokens_[open].end, tokens_[i].begin - tokens_[open].end);
  }

  // static:  __shared__ float tile[32];           -> static thread_local float tile[32];
  // dynamic: extern __shared__ float4 rows[];     -> float4 *rows = (float4 *)...;
  void shared(size_t marker) {
    bool dynamic = false;
    for (size_t i = statement_; i < marker; i++) dynamic |= at(i, "extern");
    dynamic |= at(marker + 1, "extern");
    if (!dynamic) {
      bool is_static = marker > statement_ && at(marker - 1, "static");
      replace(tokens_[marker].begin, tokens_[marker].end,
              is_static ? "thread_local" : "static thread_local");
      return;
    }
    std::string type;
    size_t i = statement_;
    for (; i < tokens_.size() && !at(i, ";") && !at(i, "["); i++) {
      if (at(i, "extern") || at(i, "__shared__")) continue;
      if (at(i, "__attribute__") || at(i, "alignas")) {
        i = matching(i + 1);
      } else if (!at(i + 1, "[")) {
        type += text(i) + " ";
      }
    }
    if (!at(i, "[") || !at(i + 1, "]") || !at(i + 2, ";")) {
      replace(tokens_[statement_].begin, tokens_[i].begin,
              "static_assert(false, \"the emulator reads extern __shared__ as TYPE NAME[];\") ");
      return;
    }
    // Dynamic shared memory belongs to a running block, so this does not compile outside functions.
    replace(tokens_[statement_].begin, tokens_[i + 1].end,
            "if (false) {} " + type + "*" + text(i - 1) + " = (" + type +
                "*)tarn_block->dynamic_shared");
  }

  const std::string &s_;
  std::vector<Token> tokens_;
  KernelSource result_;
  std::vector<bool> c_blocks_;  // for each open brace, whether it is extern "C" {
  size_t statement_ = 0;        // first token of the statement
  size_t copied_ = 0;           // the input up to here is in the result
};

}  // namespace

KernelSource rewrite_kernels(const std::string &preprocessed) {
  return Rewriter(preprocessed).run();
}

}  // namespace tarn
