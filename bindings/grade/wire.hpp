// The bytes that a check and a student's code exchange: requests, answers, and the Lua values in them.
//
// A value is nil, a boolean, a number, a string, or a table of such; what is anything else stays where it is and
// travels as a number that stands for it: a reference (an object of the student's code) or a callback (a function of
// the check). The reader trusts nothing: whatever the bytes are, it ends with a value or with a WireError.
//
// Cost: linear in the bytes. Limits: tables nested 100 deep, 16 MiB a message.
#pragma once

#include <cstdint>
#include <lua.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/runtime/env.hpp"

namespace syslab::grade {

constexpr std::size_t kMaxMessageBytes = std::size_t{16} << 20;

// Bytes that no honest peer writes.
class WireError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Writer {
 public:
  void byte(char c) { out_ += c; }
  void u32(std::uint32_t n);
  void u64(std::uint64_t n);
  void text(std::string_view s);
  void raw(std::string_view s) { out_ += s; }
  std::string take() { return std::move(out_); }
  std::size_t size() const { return out_.size(); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  char byte();
  std::uint32_t u32();
  std::uint64_t u64();
  std::string_view text();
  bool at_end() const { return in_.empty(); }
  std::size_t left() const { return in_.size(); }

 private:
  std::string_view take(std::size_t n);
  std::string_view in_;
};

// What stays on its side: how one side names it, and finds it again.
class Residents {
 public:
  virtual ~Residents() = default;
  // Writes 'R' or 'K' and the number of what stands at `index` (> 0); false where it is a plain value, to be copied.
  // Throws ScriptError for what can do neither.
  virtual bool write(lua_State* L, int index, Writer& out) = 0;
  // Pushes what such a number stands for. Throws WireError.
  virtual void push(lua_State* L, char tag, std::uint32_t id) = 0;
};

// Writes the values from stack index `first` to the top, their number in front. Throws ScriptError for what cannot
// travel; may raise Lua errors (out of memory).
void write_values(lua_State* L, int first, Residents& residents, Writer& out);
// Pushes what write_values wrote; returns their number. Throws WireError.
int push_values(lua_State* L, Reader& in, Residents& residents);

// What travels between nodes, and what comes of a request. Reading throws WireError.
void write(Writer& out, const Value& value);
Value read_value(Reader& in);
void write(Writer& out, const Result& result);
Result read_result(Reader& in);

}  // namespace syslab::grade
