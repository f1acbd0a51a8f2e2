// Completion at the cursor, from what is there: live tables, the types' methods, the components' options.
//
// Nothing runs: tables are read raw, so that no __index of a script is called, and at most kCandidatesMax names come
// back.
#pragma once

#include <lua.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/program/line_source.hpp"

namespace syslab::program {

constexpr std::size_t kCandidatesMax = 200;

struct CompletionContext {
  std::vector<std::string> commands;  // dot commands, without the dot
  std::vector<std::string> labs;      // names of guided labs
  std::vector<std::string> marks;     // names of checkpoints
};

// Completes the end of `line`.
Completion complete_line(lua_State* L, std::string_view line, const CompletionContext& context);

// The path that ends `text`: a name, or names joined by dots and at most one final colon: "w:ser" has {"w", "ser"}.
struct NamePath {
  std::size_t begin = 0;               // where the last name begins
  std::vector<std::string> names;      // the last may be empty, it is what is being typed
  bool method = false;                 // the last separator was a colon
};
NamePath path_at_end(std::string_view text);

// The innermost table constructor that is open at the end of `text` and passed to a call: where its brace stands and
// the keys that it has already; `callee_end` is where the called expression ends. Not inside a string.
struct OpenTable {
  bool found = false;
  std::size_t callee_end = 0;
  std::vector<std::string> keys;
  bool at_key = false;  // a key may begin here
};
OpenTable open_table_at_end(std::string_view text);

// Whether `text` ends inside a string or a comment.
bool ends_in_string(std::string_view text);

}  // namespace syslab::program
