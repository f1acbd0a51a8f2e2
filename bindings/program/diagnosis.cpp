#include "bindings/program/diagnosis.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "bindings/program/chunk.hpp"
#include "bindings/program/completion.hpp"
#include "core/base/nearest.hpp"

namespace syslab::program {
namespace {

bool is_name_char(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// Where `word` stands by itself in `line`, if it does so exactly once.
std::size_t only_place(std::string_view line, std::string_view word) {
  std::size_t place = std::string_view::npos;
  for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if (is_name_char(word.front()) && at > 0 && is_name_char(line[at - 1])) continue;
    if (is_name_char(word.back()) && end < line.size() && is_name_char(line[end])) continue;
    if (place != std::string_view::npos) return std::string_view::npos;
    place = at;
  }
  return place;
}

// The column of the token a syntax error is near: of the places where it stands on the line, the first after which
// the compiler already stops for another reason than the end of the text.
std::size_t syntax_column(lua_State* L, const std::string& text, const Diagnosis& found) {
  const std::string_view line = found.source_line;
  const std::size_t line_at = static_cast<std::size_t>(line_of(text, found.line).data() - text.data());
  const std::vector<std::size_t> columns = columns_of_near(found.text, line);
  if (columns.size() == 1) return columns[0];
  const std::string_view token = std::string_view(found.text).substr(found.text.rfind(" near '") + 7);
  for (const std::size_t column : columns) {
    const std::size_t end = line_at + column + token.size() - 1;
    const int status = luaL_loadbufferx(L, text.data(), end, "=probe", "t");
    const char* message = lua_tostring(L, -1);
    const bool stopped = status != 0 && message != nullptr && !std::string_view(message).ends_with("'<eof>'");
    lua_pop(L, 1);
    if (stopped) return column;
  }
  return std::string::npos;
}

std::string quoted_word(const std::string& message) {
  const std::size_t begin = message.find('\'');
  const std::size_t end = begin == std::string::npos ? begin : message.find('\'', begin + 1);
  return end == std::string::npos ? "" : message.substr(begin + 1, end - begin - 1);
}

std::vector<std::string> names_in_table(lua_State* L) {  // of the value on top; pops it
  std::vector<std::string> names;
  if (lua_istable(L, -1)) {
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
      lua_pop(L, 1);
      if (lua_type(L, -1) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -1));
    }
  }
  lua_pop(L, 1);
  std::sort(names.begin(), names.end());
  return names;
}

// What an absent global or field was meant to be. Fields only of tables that global names lead to.
std::string suggest(lua_State* L, const Diagnosis& found, const std::string& word) {
  if (found.text.find("did you mean") != std::string::npos ||
      found.text.find("a nil value") == std::string::npos)
    return "";
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  if (found.text.find("global '") != std::string::npos) return nearest(word, names_in_table(L));
  const bool member =
      found.text.find("field '") != std::string::npos || found.text.find("method '") != std::string::npos;
  if (!member || found.column == std::string::npos) {
    lua_pop(L, 1);
    return "";
  }
  const NamePath path = path_at_end(std::string_view(found.source_line).substr(0, found.column + word.size()));
  for (std::size_t i = 0; i + 1 < path.names.size(); ++i) {
    if (!lua_istable(L, -1)) break;
    lua_pushlstring(L, path.names[i].data(), path.names[i].size());
    lua_rawget(L, -2);
    lua_remove(L, -2);
  }
  return path.names.size() < 2 ? (lua_pop(L, 1), "") : nearest(word, names_in_table(L));
}

}  // namespace

std::string Sources::add(const std::string& chunk_name, std::string text) {
  // Lua shows "=name" as it is, and of "@path" the last 60 characters or so.
  std::string shown = chunk_name.substr(1);
  if (shown.size() >= LUA_IDSIZE) shown = "..." + shown.substr(shown.size() - (LUA_IDSIZE - 4));
  if (texts_.size() >= kTextsMax) {
    const auto oldest = std::min_element(texts_.begin(), texts_.end(),
                                         [](const auto& a, const auto& b) { return a.second.order < b.second.order; });
    texts_.erase(oldest);
  }
  texts_[shown] = {next_++, std::move(text)};
  return shown;
}

const std::string* Sources::find(std::string_view shown) const {
  const auto found = texts_.find(shown);
  return found == texts_.end() ? nullptr : &found->second.text;
}

Diagnosis diagnose(lua_State* L, const std::string& message, const Sources& sources) {
  Diagnosis found;
  found.text = message;
  // "chunk:12: text"; a chunk's name may itself hold colons.
  for (std::size_t colon = message.find(':'); colon != std::string::npos; colon = message.find(':', colon + 1)) {
    std::size_t end = colon + 1;
    int line = 0;
    while (end < message.size() && std::isdigit(static_cast<unsigned char>(message[end])) != 0 && line < 100000000) {
      line = line * 10 + (message[end++] - '0');
    }
    if (line == 0 || message.compare(end, 2, ": ") != 0) continue;
    found.chunk = message.substr(0, colon);
    found.line = line;
    found.text = message.substr(end + 2);
    break;
  }
  const std::string* text = sources.find(found.chunk);
  if (text == nullptr) return found;
  found.source_line = line_of(*text, found.line);
  const std::string word = quoted_word(found.text);
  if (found.text.find(" near '") != std::string::npos) {
    found.column = syntax_column(L, *text, found);
    if (found.column != std::string::npos) {
      found.length = found.text.size() - found.text.rfind(" near '") - 8;
    }
  } else if (!word.empty()) {
    found.column = only_place(found.source_line, word);
    found.length = word.size();
    found.suggestion = suggest(L, found, word);
  }
  return found;
}

}  // namespace syslab::program
