#include "bindings/program/completion.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "bindings/host/component.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "bindings/program/chunk.hpp"

namespace syslab::program {
namespace {

bool is_name_char(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool is_identifier(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  return std::all_of(text.begin(), text.end(), is_name_char);
}

// Collects the names that begin with a prefix, sorted, without doubles.
class Candidates {
 public:
  explicit Candidates(std::string_view prefix) : prefix_(prefix) {}

  void offer(std::string_view name, std::string_view suffix = "") {
    if (!name.starts_with(prefix_) || (prefix_.empty() && name.starts_with('_'))) return;
    names_.insert(std::string(name) + std::string(suffix));
  }
  bool empty() const { return names_.empty(); }

  Completion at(std::size_t begin) const {
    Completion result;
    result.begin = begin;
    for (const std::string& name : names_) {
      if (result.candidates.size() == kCandidatesMax) break;
      result.candidates.push_back(name);
    }
    return result;
  }

 private:
  std::string prefix_;
  std::set<std::string> names_;
};

// Replaces the value on top by its raw field.
void raw_field(lua_State* L, const std::string& name) {
  if (lua_istable(L, -1)) {
    lua_pushlstring(L, name.data(), name.size());
    lua_rawget(L, -2);
    if (lua_isnil(L, -1) && lua_getmetatable(L, -2) != 0) {  // one table behind it is common: classes in Lua
      lua_pushliteral(L, "__index");
      lua_rawget(L, -2);
      lua_remove(L, -2);
      lua_remove(L, -2);
      if (lua_istable(L, -1)) {
        lua_pushlstring(L, name.data(), name.size());
        lua_rawget(L, -2);
        lua_remove(L, -2);
      } else {
        lua_pop(L, 1);
        lua_pushnil(L);
      }
    }
  } else {
    lua_pushnil(L);
  }
  lua_remove(L, -2);
}

// Pushes what a path of names leads to, nil where it leads nowhere.
void push_path(lua_State* L, const std::vector<std::string>& names, std::size_t count) {
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  for (std::size_t i = 0; i < count; ++i) raw_field(L, names[i]);
}

const Component* component_named(std::string_view name) {
  for (const Component* component : components()) {
    if (component->d.name == name) return component;
  }
  return nullptr;
}

// The names in the table on top of the stack; only functions when `methods`.
void offer_table(lua_State* L, Candidates& candidates, bool methods) {
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    const bool wanted = lua_type(L, -2) == LUA_TSTRING && (!methods || lua_isfunction(L, -1));
    lua_pop(L, 1);
    if (!wanted) continue;
    std::size_t length = 0;
    const char* key = lua_tolstring(L, -1, &length);
    if (is_identifier({key, length})) candidates.offer({key, length});
  }
}

void offer_members(lua_State* L, Candidates& candidates, bool methods) {  // of the value on top
  if (lua_istable(L, -1)) offer_table(L, candidates, methods);
  if (lua_type(L, -1) == LUA_TUSERDATA && !methods) return;  // objects have methods only
  if (lua_getmetatable(L, -1) == 0) return;
  lua_pushliteral(L, "__index");
  lua_rawget(L, -2);
  if (lua_istable(L, -1)) offer_table(L, candidates, methods);
  lua_pop(L, 2);
}

// Names of `lab` that lua/lab/NAME.lua provides and that are loaded when first used.
void offer_library_names(Candidates& candidates) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(LuaHost::data_folder() + "/lua/lab", error)) {
    if (entry.path().extension() == ".lua") candidates.offer(entry.path().stem().string());
  }
}

const std::vector<Param>* params_of_call(lua_State* L, std::string_view callee) {
  const NamePath path = path_at_end(callee);
  if (path.names.empty() || path.names.back().empty()) return nullptr;
  if (!path.method) {
    std::string name;
    for (const std::string& part : path.names) name += name.empty() ? part : "." + part;
    const Component* component = nullptr;
    if (name.starts_with("lab.")) component = component_named(name.substr(4));
    if (component == nullptr) {  // an alias of a constructor
      push_path(L, path.names, path.names.size());
      component = component_at(L, -1);
      lua_pop(L, 1);
    }
    return component == nullptr ? nullptr : &component->d.params;
  }
  push_path(L, path.names, path.names.size() - 1);
  const Box* box = box_at(L, -1);
  const Type* type = box == nullptr ? nullptr : find_type(box->tag);
  lua_pop(L, 1);
  if (type == nullptr) return nullptr;
  for (const Method& method : type->d.methods) {
    if (method.name == path.names.back()) return &method.params;
  }
  return nullptr;
}

Completion complete_file(std::string_view line, std::size_t begin) {
  const std::string typed(line.substr(begin));
  const std::size_t slash = typed.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : typed.substr(0, slash + 1);
  Candidates candidates(typed);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder.empty() ? "." : folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') && !typed.substr(folder.size()).starts_with('.')) continue;
    std::error_code ignored;
    candidates.offer(folder + name, entry.is_directory(ignored) ? "/" : "");
  }
  return candidates.at(begin);
}

Completion complete_names(const std::vector<std::string>& names, std::string_view line, std::size_t begin) {
  Candidates candidates(line.substr(begin));
  for (const std::string& name : names) candidates.offer(name);
  return candidates.at(begin);
}

Completion complete_expression(lua_State* L, std::string_view line) {
  const NamePath path = path_at_end(line);
  Candidates candidates(path.names.empty() ? "" : path.names.back());
  if (path.names.size() <= 1) {
    const OpenTable table = open_table_at_end(line);
    if (table.found && table.at_key) {
      if (const std::vector<Param>* params = params_of_call(L, line.substr(0, table.callee_end))) {
        for (const Param& param : *params) {
          if (std::find(table.keys.begin(), table.keys.end(), param.name) == table.keys.end()) {
            candidates.offer(param.name, " = ");
          }
        }
        if (!candidates.empty()) return candidates.at(path.begin);
      }
    }
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    offer_table(L, candidates, false);
    lua_pop(L, 1);
    if (!path.names.empty() && !path.names.back().empty()) {
      for (const char* word : {"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in",
                               "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while"}) {
        candidates.offer(word);
      }
    }
    return candidates.at(path.begin);
  }
  push_path(L, path.names, path.names.size() - 1);
  offer_members(L, candidates, path.method);
  lua_pop(L, 1);
  if (path.names.size() == 2 && path.names[0] == "lab" && !path.method) offer_library_names(candidates);
  return candidates.at(path.begin);
}

Completion complete_command(lua_State* L, std::string_view line, const CompletionContext& context, std::size_t dot) {
  const std::size_t space = line.find(' ', dot);
  if (space == std::string_view::npos) return complete_names(context.commands, line, dot + 1);
  const std::string_view command = line.substr(dot + 1, space - dot - 1);
  const std::size_t argument = std::min(line.find_first_not_of(' ', space), line.size());
  if (command == "load" || command == "reload" || command == "save") return complete_file(line, argument);
  if (command == "labs" || command == "lab" || command == "check" || command == "hint") {
    return complete_names(context.labs, line, argument);
  }
  if (command == "back" || command == "mark") return complete_names(context.marks, line, argument);
  return complete_expression(L, line);
}

}  // namespace

NamePath path_at_end(std::string_view text) {
  NamePath path;
  std::size_t begin = text.size();
  while (begin > 0 && is_name_char(text[begin - 1])) --begin;
  path.begin = begin;
  path.names.emplace_back(text.substr(begin));
  if (begin > 0 && text[begin - 1] == ':') path.method = true;
  while (begin > 0 && (text[begin - 1] == '.' || (path.method && path.names.size() == 1))) {
    const std::size_t end = begin - 1;
    begin = end;
    while (begin > 0 && is_name_char(text[begin - 1])) --begin;
    const std::string_view name = text.substr(begin, end - begin);
    if (!is_identifier(name)) {  // `f().`, `"a":`, `..`: what it leads to is only known by running it
      path.names.insert(path.names.begin(), "");
      return path;
    }
    path.names.insert(path.names.begin(), std::string(name));
  }
  return path;
}

bool ends_in_string(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == '\\') ++i;
      else if (text[i] == quote || text[i] == '\n') quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text.substr(i, 2) == "--") {
      const std::size_t end = text.find('\n', i);
      if (end == std::string_view::npos) return true;
      i = end;
    }
  }
  return quote != 0;
}

OpenTable open_table_at_end(std::string_view text) {
  struct Brace {
    char kind;
    std::size_t at;
    std::vector<std::string> keys;
    bool at_key;
  };
  std::vector<Brace> open;
  std::string word;  // the last name, a key if `=` follows
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (text[i] == '\\') ++i;
      }
      if (!open.empty()) open.back().at_key = false;
    } else if (c == '{' || c == '(' || c == '[') {
      open.push_back({c, i, {}, c == '{'});
    } else if (c == '}' || c == ')' || c == ']') {
      if (!open.empty()) open.pop_back();
    } else if (!open.empty() && (c == ',' || c == ';')) {
      open.back().at_key = open.back().kind == '{';
    } else if (!open.empty() && c == '=') {
      if (open.back().at_key && !word.empty()) open.back().keys.push_back(word);
      open.back().at_key = false;
    } else if (is_name_char(c)) {
      std::size_t end = i;
      while (end < text.size() && is_name_char(text[end])) ++end;
      word = std::string(text.substr(i, end - i));
      i = end - 1;
    } else if (c != ' ' && c != '\n' && c != '\t' && !open.empty()) {
      open.back().at_key = false;
    }
  }
  OpenTable table;
  if (open.empty() || open.back().kind != '{') return table;
  table.keys = open.back().keys;
  table.at_key = open.back().at_key;
  // name{ or name(..., { : the table belongs to the call.
  std::size_t callee = open.back().at;
  if (open.size() >= 2 && open[open.size() - 2].kind == '(') callee = open[open.size() - 2].at;
  while (callee > 0 && text[callee - 1] == ' ') --callee;
  table.callee_end = callee;
  table.found = callee > 0 && is_name_char(text[callee - 1]);
  return table;
}

Completion complete_line(lua_State* L, std::string_view line, const CompletionContext& context) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first != std::string_view::npos && line[first] == '.') return complete_command(L, line, context, first);
  if (ends_in_string(line)) return {};
  return complete_expression(L, line);
}

}  // namespace syslab::program
