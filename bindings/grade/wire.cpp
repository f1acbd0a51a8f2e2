#include "bindings/grade/wire.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "bindings/host/script_error.hpp"

namespace syslab::grade {
namespace {

constexpr int kMaxDepth = 100;

template <class T>
void little_endian(std::string& out, T n) {
  for (std::size_t i = 0; i < sizeof n; ++i) out += static_cast<char>(n >> (8 * i) & 0xFF);
}

template <class T>
T little_endian(std::string_view bytes) {
  T n = 0;
  for (std::size_t i = 0; i < sizeof n; ++i) n |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return n;
}

void write_value(lua_State* L, int index, Residents& residents, Writer& out, int depth) {
  if (out.size() > kMaxMessageBytes) throw ScriptError("a value of more than 16 MiB cannot be passed");
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      return out.byte('n');
    case LUA_TBOOLEAN:
      return out.byte(lua_toboolean(L, index) != 0 ? 't' : 'f');
    case LUA_TNUMBER:
      out.byte('d');
      return out.u64(std::bit_cast<std::uint64_t>(lua_tonumber(L, index)));
    case LUA_TSTRING: {
      std::size_t length = 0;
      const char* text = lua_tolstring(L, index, &length);
      if (length > kMaxMessageBytes) throw ScriptError("a string of more than 16 MiB cannot be passed");
      out.byte('s');
      return out.text({text, length});
    }
    default:
      break;
  }
  if (residents.write(L, index, out)) return;
  if (depth >= kMaxDepth) {
    throw ScriptError("a table that is nested over 100 levels (does it contain itself?) cannot be passed");
  }
  luaL_checkstack(L, 8, "a value is nested too deeply");
  std::uint32_t entries = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    ++entries;
    lua_pop(L, 1);
  }
  out.byte('T');
  out.u32(entries);
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const int top = lua_gettop(L);
    write_value(L, top - 1, residents, out, depth + 1);
    write_value(L, top, residents, out, depth + 1);
    lua_pop(L, 1);
  }
}

void push_value(lua_State* L, Reader& in, Residents& residents, int depth) {
  const char tag = in.byte();
  switch (tag) {
    case 'n':
      return lua_pushnil(L);
    case 't':
    case 'f':
      return lua_pushboolean(L, tag == 't' ? 1 : 0);
    case 'd': {
      // A NaN with a payload would be taken for a tagged value by LuaJIT.
      const auto n = std::bit_cast<double>(in.u64());
      return lua_pushnumber(L, std::isnan(n) ? std::nan("") : n);
    }
    case 's': {
      const std::string_view text = in.text();
      lua_pushlstring(L, text.data(), text.size());
      return;
    }
    case 'R':
    case 'K':
      return residents.push(L, tag, in.u32());
    case 'T':
      break;
    default:
      throw WireError("an unknown kind of value");
  }
  if (depth >= kMaxDepth) throw WireError("a value is nested too deeply");
  luaL_checkstack(L, 8, "a value is nested too deeply");
  const std::uint32_t entries = in.u32();
  if (entries > in.left()) throw WireError("a table with more entries than bytes");
  lua_newtable(L);
  for (std::uint32_t i = 0; i < entries; ++i) {
    push_value(L, in, residents, depth + 1);
    const bool usable = !lua_isnil(L, -1) && !(lua_type(L, -1) == LUA_TNUMBER && std::isnan(lua_tonumber(L, -1)));
    if (!usable) throw WireError("a key that is nil or not a number");
    push_value(L, in, residents, depth + 1);
    lua_rawset(L, -3);
  }
}

}  // namespace

namespace {

Value read_value(Reader& in, int depth) {
  const char tag = in.byte();
  switch (tag) {
    case 'n':
      return {};
    case 't':
    case 'f':
      return tag == 't';
    case 'd': {
      const auto n = std::bit_cast<double>(in.u64());
      return std::isnan(n) ? std::nan("") : n;
    }
    case 's':
      return in.text();
    case 'l':
    case 'm':
      break;
    default:
      throw WireError("an unknown kind of value");
  }
  if (depth >= kMaxDepth + 2) throw WireError("a value is nested too deeply");
  const std::uint32_t count = in.u32();
  if (count > in.left()) throw WireError("a table with more entries than bytes");
  if (tag == 'l') {
    Value::List items;
    items.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) items.push_back(read_value(in, depth + 1));
    return Value::list(std::move(items));
  }
  Value::Map entries;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string key(in.text());
    entries.emplace_back(std::move(key), read_value(in, depth + 1));
  }
  return Value::map(std::move(entries));
}

}  // namespace

void write(Writer& out, const Value& value) {
  switch (value.type()) {
    case Value::Type::nil:
      return out.byte('n');
    case Value::Type::boolean:
      return out.byte(value.boolean() ? 't' : 'f');
    case Value::Type::number:
      out.byte('d');
      return out.u64(std::bit_cast<std::uint64_t>(value.number()));
    case Value::Type::string:
      out.byte('s');
      return out.text(value.string());
    case Value::Type::list:
      out.byte('l');
      out.u32(static_cast<std::uint32_t>(value.list().size()));
      for (const Value& item : value.list()) write(out, item);
      return;
    case Value::Type::map:
      out.byte('m');
      out.u32(static_cast<std::uint32_t>(value.map().size()));
      for (const auto& [key, item] : value.map()) {
        out.text(key);
        write(out, item);
      }
      return;
  }
}

Value read_value(Reader& in) { return read_value(in, 0); }

void write(Writer& out, const Result& result) {
  if (result.ok()) {
    out.byte('r');
    return write(out, *result);
  }
  out.byte('e');
  out.byte(result.error().definite ? 't' : 'f');
  out.text(result.error().code);
  out.text(result.error().message);
}

Result read_result(Reader& in) {
  if (in.byte() == 'r') return read_value(in);
  Error error;
  error.definite = in.byte() == 't';
  error.code = in.text();
  error.message = in.text();
  return error;
}

void Writer::u32(std::uint32_t n) { little_endian(out_, n); }
void Writer::u64(std::uint64_t n) { little_endian(out_, n); }
void Writer::text(std::string_view s) {
  u32(static_cast<std::uint32_t>(s.size()));
  out_ += s;
}

std::string_view Reader::take(std::size_t n) {
  if (n > in_.size()) throw WireError("a message ends too early");
  const std::string_view taken = in_.substr(0, n);
  in_.remove_prefix(n);
  return taken;
}

char Reader::byte() { return take(1)[0]; }
std::uint32_t Reader::u32() { return little_endian<std::uint32_t>(take(4)); }
std::uint64_t Reader::u64() { return little_endian<std::uint64_t>(take(8)); }
std::string_view Reader::text() { return take(u32()); }

void write_values(lua_State* L, int first, Residents& residents, Writer& out) {
  const int top = lua_gettop(L);
  out.u32(static_cast<std::uint32_t>(top - first + 1));
  for (int i = first; i <= top; ++i) write_value(L, i, residents, out, 0);
}

int push_values(lua_State* L, Reader& in, Residents& residents) {
  const std::uint32_t n = in.u32();
  if (n > in.left() || n > 8000) throw WireError("more values than bytes");
  luaL_checkstack(L, static_cast<int>(n) + 8, "too many values");
  for (std::uint32_t i = 0; i < n; ++i) push_value(L, in, residents, 0);
  return static_cast<int>(n);
}

}  // namespace syslab::grade
