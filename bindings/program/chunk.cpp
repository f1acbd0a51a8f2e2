// Lexing just enough of Lua to know names, strings, comments and block depth.
#include "bindings/program/chunk.hpp"

#include <cctype>

namespace syslab::program {
namespace {

enum class Kind { name, symbol, other, end };

struct Token {
  Kind kind = Kind::end;
  std::size_t begin = 0;
  std::size_t end = 0;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    skip_blank();
    Token token;
    token.begin = at_;
    if (at_ >= text_.size()) {
      token.end = at_;
      return token;
    }
    const char c = text_[at_];
    if (is_name(c) && !is_digit(c)) {
      while (at_ < text_.size() && is_name(text_[at_])) ++at_;
      token.kind = Kind::name;
    } else if (c == '"' || c == '\'') {
      skip_string(c);
      token.kind = Kind::other;
    } else if (is_digit(c)) {
      while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '.')) ++at_;
      token.kind = Kind::other;
    } else if (c == '[' && skip_long()) {
      token.kind = Kind::other;
    } else {
      // `==` must not look like the `=` of a declaration.
      at_ += text_.substr(at_, 2) == "==" ? 2 : 1;
      token.kind = Kind::symbol;
    }
    token.end = at_;
    return token;
  }

  std::string_view spelling(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_name(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

  void skip_blank() {
    while (at_ < text_.size()) {
      if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        ++at_;
      } else if (text_.substr(at_, 2) == "--") {
        at_ += 2;
        if (at_ < text_.size() && text_[at_] == '[' && skip_long()) continue;
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  void skip_string(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = at_ < text_.size() ? at_ + 1 : text_.size();
  }

  // At a `[`: skips a long bracket; false, without moving, when it is not one.
  bool skip_long() {
    std::size_t level = at_ + 1;
    while (level < text_.size() && text_[level] == '=') ++level;
    if (level >= text_.size() || text_[level] != '[') return false;
    std::string closing(level - at_ + 1, '=');
    closing.front() = closing.back() = ']';
    const std::size_t end = text_.find(closing, level + 1);
    at_ = end == std::string_view::npos ? text_.size() : end + closing.size();
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

int depth_change(std::string_view word) {
  if (word == "do" || word == "function" || word == "if" || word == "repeat") return 1;
  if (word == "end" || word == "until") return -1;
  return 0;
}

struct Edit {
  std::size_t local_at;  // where the word `local` begins
  std::size_t nil_at;    // where ` = nil` must go, or npos
};

std::vector<Edit> local_edits(std::string_view text) {
  std::vector<Edit> edits;
  Lexer lexer(text);
  int depth = 0;
  int parens = 0;  // inside brackets only a function body can declare anything, and that has depth
  Token token = lexer.next();
  while (token.kind != Kind::end) {
    const std::string_view word = lexer.spelling(token);
    if (token.kind == Kind::name && word == "local" && depth == 0 && parens == 0) {
      Edit edit{token.begin, std::string_view::npos};
      token = lexer.next();
      if (lexer.spelling(token) == "function") {
        edits.push_back(edit);
        continue;
      }
      std::size_t names_end = token.end;
      bool well_formed = token.kind == Kind::name;
      token = lexer.next();
      while (well_formed && lexer.spelling(token) == ",") {
        token = lexer.next();
        well_formed = token.kind == Kind::name;
        names_end = token.end;
        token = lexer.next();
      }
      if (!well_formed) return edits;  // the compiler will say what is wrong
      if (lexer.spelling(token) != "=") edit.nil_at = names_end;
      edits.push_back(edit);
      continue;
    }
    if (token.kind == Kind::name) depth += depth_change(word);
    if (token.kind == Kind::symbol) {
      if (word == "(" || word == "{" || word == "[") ++parens;
      if (word == ")" || word == "}" || word == "]") --parens;
    }
    token = lexer.next();
  }
  return edits;
}

}  // namespace

std::string keep_locals(std::string_view text) {
  std::string result;
  std::size_t copied = 0;
  for (const Edit& edit : local_edits(text)) {
    result.append(text.substr(copied, edit.local_at - copied));
    result.append("     ");
    copied = edit.local_at + 5;
    if (edit.nil_at == std::string_view::npos) continue;
    result.append(text.substr(copied, edit.nil_at - copied));
    result.append(" = nil");
    copied = edit.nil_at;
  }
  result.append(text.substr(copied));
  return result;
}

std::optional<int> opened_by(std::string_view line) {
  if (line.ends_with('\\') || line.find("[[") != std::string_view::npos ||
      line.find("[=") != std::string_view::npos) {
    return std::nullopt;
  }
  int opened = 0;
  Lexer lexer(line);
  for (Token token = lexer.next(); token.kind != Kind::end; token = lexer.next()) {
    const std::string_view word = lexer.spelling(token);
    if (token.kind == Kind::name) opened += depth_change(word);
    if (token.kind != Kind::symbol) continue;
    if (word == "(" || word == "{" || word == "[") ++opened;
    if (word == ")" || word == "}" || word == "]") --opened;
  }
  return opened;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string> split_transcript(std::string_view text) {
  constexpr std::string_view kFirst = "lab> ";
  constexpr std::string_view kMore = "...> ";
  std::vector<std::string> inputs;
  bool inside = false;
  bool prompts = false;
  const std::vector<std::string> lines = split_lines(text);
  for (const std::string& line : lines) {
    const std::string_view bare = trimmed(line);
    if (bare.starts_with(kFirst) || bare == "lab>") prompts = true;
  }
  if (!prompts) {
    if (lines.size() == 1 && trimmed(lines[0]).starts_with(kMore)) {
      return {std::string(trimmed(lines[0]).substr(kMore.size()))};
    }
    return {std::string(text)};
  }
  for (const std::string& line : lines) {
    const std::string_view bare = trimmed(line);
    if (bare.starts_with(kFirst)) {
      inputs.emplace_back(bare.substr(kFirst.size()));
      inside = true;
    } else if (inside && bare.starts_with(kMore)) {
      inputs.back() += '\n';
      inputs.back().append(bare.substr(kMore.size()));
    } else {
      inside = false;
    }
  }
  return inputs;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string_view without_shebang(std::string_view text) {
  if (!text.starts_with("#!")) return text;
  const std::size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view{} : text.substr(end);
}

std::vector<std::size_t> columns_of_near(std::string_view message, std::string_view line) {
  constexpr std::string_view kNear = " near '";
  std::vector<std::size_t> columns;
  const std::size_t at = message.rfind(kNear);
  if (at == std::string_view::npos || !message.ends_with("'")) return columns;
  const std::size_t begin = at + kNear.size();
  if (begin + 1 > message.size()) return columns;
  const std::string_view token = message.substr(begin, message.size() - begin - 1);
  if (token.empty() || token == "<eof>") return columns;
  for (std::size_t found = line.find(token); found != std::string_view::npos;
       found = line.find(token, found + 1)) {
    columns.push_back(found);
  }
  return columns;
}

}  // namespace syslab::program
