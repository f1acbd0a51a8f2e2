// From an error's text to what helps to mend it: the source line, the place in it, and the name that was meant.
#pragma once

#include <cstddef>
#include <lua.hpp>
#include <map>
#include <string>
#include <string_view>

namespace syslab::program {

// The texts that have been compiled, by the name under which Lua reports them.
class Sources {
 public:
  static constexpr std::size_t kTextsMax = 400;

  // Returns the name as messages show it ("input 3", "a.lua", "...long/path/b.lua").
  std::string add(const std::string& chunk_name, std::string text);
  const std::string* find(std::string_view shown) const;

 private:
  struct Text {
    std::size_t order;
    std::string text;
  };
  std::map<std::string, Text, std::less<>> texts_;
  std::size_t next_ = 0;
};

struct Diagnosis {
  std::string chunk;        // where, "" if the message does not say
  int line = 0;
  std::string text;         // the message without the place
  std::string source_line;  // "" if unknown
  std::size_t column = std::string::npos;  // of what is wrong in it, in bytes
  std::size_t length = 1;
  std::string suggestion;   // a name, or ""
};

// Compiles pieces of the source to find a column, and reads tables raw; runs no script.
Diagnosis diagnose(lua_State* L, const std::string& message, const Sources& sources);

}  // namespace syslab::program
