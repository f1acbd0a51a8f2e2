#include "bindings/host/lua_host.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <luajit.h>

#include "bindings/host/component.hpp"
#include "bindings/host/sandbox.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

bool is_folder(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Whether a frame belongs to syslab's own Lua library rather than to the script.
bool in_library(const lua_Debug& frame) { return std::strncmp(frame.source, "@syslab/lua/", 12) == 0; }

// Debian's LuaJIT loses table entries in nested native pairs with the JIT on (LuaJIT/LuaJIT#827). Ours must not.
const char kJitSelfTest[] =
    "local bad = 0 for i = 1, 2000 do local t, n = { a = 1, b = 2, c = 3, d = 4 }, 0 "
    "for k in pairs(t) do for l in pairs(t) do n = n + 1 end end if n ~= 16 then bad = bad + 1 end end return bad == 0";

int install(lua_State* L) {
  install_sandbox(L);
  install_components(L, LuaHost::of(L).options().isolate);
  return 0;
}

// The message handler: keeps the frames beside the message, the script's own and all.
int remember_traceback(lua_State* L) {
  lua_newtable(L);
  lua_newtable(L);
  int own = 0;
  int all = 0;
  lua_Debug frame;
  for (int level = 1; level < 200 && lua_getstack(L, level, &frame) != 0; ++level) {
    lua_getinfo(L, "Sln", &frame);
    const std::string place =
        frame.currentline < 0 ? "(C++)" : fmt::format("{}:{}", frame.short_src, frame.currentline);
    const std::string text = frame.name != nullptr ? fmt::format("{}: in function '{}'", place, frame.name)
                                                   : fmt::format("{}: in {}", place,
                                                                 *frame.what == 'm' ? "the main chunk" : "a function");
    lua_pushlstring(L, text.data(), text.size());
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, ++all);
    if (frame.currentline < 0 || in_library(frame)) {
      lua_pop(L, 1);
    } else {
      lua_rawseti(L, -3, ++own);
    }
  }
  lua_setfield(L, LUA_REGISTRYINDEX, "syslab.full_traceback");
  lua_setfield(L, LUA_REGISTRYINDEX, "syslab.traceback");
  return 1;
}

std::vector<std::string> registered_strings(lua_State* L, const char* field) {
  std::vector<std::string> strings;
  lua_getfield(L, LUA_REGISTRYINDEX, field);
  if (lua_istable(L, -1)) {
    for (int i = 1; i <= static_cast<int>(lua_objlen(L, -1)); ++i) {
      lua_rawgeti(L, -1, i);
      strings.emplace_back(lua_tostring(L, -1));
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return strings;
}

// The fields of an error object that has no text of its own: "{ code = 7, message = no }".
std::string fields_text(lua_State* L, int index) {
  std::vector<std::string> fields;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const int type = lua_type(L, -1);
    if (lua_type(L, -2) == LUA_TSTRING && (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN)) {
      const char* value = type == LUA_TBOOLEAN ? (lua_toboolean(L, -1) ? "true" : "false") : lua_tostring(L, -1);
      fields.push_back(fmt::format("{} = {}", lua_tostring(L, -2), value));
    }
    lua_pop(L, 1);
  }
  std::sort(fields.begin(), fields.end());
  constexpr std::size_t kFieldsShown = 8;
  if (fields.size() > kFieldsShown) fields.resize(kFieldsShown);
  return fields.empty() ? "an error object" : fmt::format("{{ {} }}", fmt::join(fields, ", "));
}

std::string error_text(lua_State* L) {  // of the error object on top; pops it
  if (lua_type(L, -1) == LUA_TTABLE) {
    if (luaL_getmetafield(L, -1, "__tostring") == 0) {
      const std::string text = fields_text(L, lua_gettop(L));
      lua_pop(L, 1);
      return text;
    }
    lua_pop(L, 1);
  }
  if (lua_type(L, -1) == LUA_TTABLE || lua_type(L, -1) == LUA_TUSERDATA) {
    // tostring may itself fail; then the type must do.
    lua_getglobal(L, "tostring");
    lua_pushvalue(L, -2);
    if (lua_pcall(L, 1, 1, 0) != 0 || lua_isstring(L, -1) == 0) {
      lua_pop(L, 2);
      return "an error object that cannot be shown";
    }
    lua_remove(L, -2);
  }
  std::size_t length = 0;
  const char* text = lua_tolstring(L, -1, &length);
  std::string out = text == nullptr ? fmt::format("(an error of type {})", luaL_typename(L, -1))
                                    : std::string(text, length);
  lua_pop(L, 1);
  return out;
}

}  // namespace

void raise(lua_State* L, const char* text) {
  lua_Debug frame;
  for (int level = 1; lua_getstack(L, level, &frame) != 0; ++level) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline <= 0 || in_library(frame)) continue;
    lua_pushfstring(L, "%s:%d: %s", frame.short_src, frame.currentline, text);
    lua_error(L);
  }
  lua_pushstring(L, text);
  lua_error(L);
  std::abort();  // lua_error does not return
}

void count_hook(lua_State* L, lua_Debug*) {
  LuaHost& host = LuaHost::of(L);
  if (host.interrupted_ == 0) {  // the budget's end
    host.budget_exhausted_ = true;
    host.interrupted_ = 1;
    host.attention = 1;
  }
  // Fire at every instruction from now on: a caught error only reaches the next raise.
  lua_sethook(L, &count_hook, LUA_MASKCOUNT, 1);
  luaL_error(L, host.budget_exhausted_ ? "the instruction budget is exhausted" : "interrupted");
}

LuaHost::LuaHost(LuaOptions options) : rng(Rng(options.seed).split("lua")), options_(std::move(options)) {
  write = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); };
  arena_ = std::make_unique<Arena>(options_.memory_cap_bytes);
  arena_->owner = this;
  L_ = arena_->new_state();
  if (L_ == nullptr) throw std::bad_alloc();
  luaJIT_setmode(L_, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  lua_gc(L_, LUA_GCSETPAUSE, 300);  // a cycle when the memory has trebled: fewer of them
  lua_pushcfunction(L_, &guard<&install>);
  if (lua_pcall(L_, 0, 0, 0) != 0) {
    const std::string text = error_text(L_);
    lua_close(L_);
    throw std::runtime_error("cannot start Lua: " + text);
  }
  if (options_.jit) {
    luaJIT_setmode(L_, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_ON);
    int results = 0;
    const Outcome test = run_string(kJitSelfTest, "=jit self-test", &results);
    if (!test.ok() || results != 1 || lua_toboolean(L_, -1) == 0) {
      lua_close(L_);
      throw std::runtime_error("--jit is refused: this LuaJIT miscompiles nested loops (LuaJIT/LuaJIT#827)");
    }
    lua_settop(L_, 0);
  }
  lua_createtable(L_, static_cast<int>(options_.args.size()), 0);
  for (std::size_t i = 0; i < options_.args.size(); ++i) {
    lua_pushlstring(L_, options_.args[i].data(), options_.args[i].size());
    lua_rawseti(L_, -2, static_cast<int>(i + 1));
  }
  lua_setglobal(L_, "arg");
}

LuaHost::~LuaHost() { lua_close(L_); }

LuaHost& LuaHost::of(lua_State* L) {
  void* arena = nullptr;
  lua_getallocf(L, &arena);
  return *static_cast<LuaHost*>(static_cast<Arena*>(arena)->owner);
}

LuaHost::Outcome LuaHost::compile(std::string_view code, const std::string& chunk_name) {
  if (code.starts_with("#!")) {
    const std::size_t end = code.find('\n');
    code = end == std::string_view::npos ? std::string_view() : code.substr(end);
  }
  if (luaL_loadbufferx(L_, code.data(), code.size(), chunk_name.c_str(), "t") == 0) return {};
  Outcome outcome{Outcome::Status::error, error_text(L_)};
  if (outcome.message.ends_with("'<eof>'")) outcome.status = Outcome::Status::incomplete;
  return outcome;
}

LuaHost::Outcome LuaHost::call(int arguments, int* results) {
  const int function = lua_gettop(L_) - arguments;
  lua_pushcfunction(L_, &remember_traceback);
  lua_insert(L_, function);
  const int status = lua_pcall(L_, arguments, results == nullptr ? 0 : LUA_MULTRET, function);
  lua_remove(L_, function);
  if (status == 0) {
    if (results != nullptr) *results = lua_gettop(L_) - function + 1;
    return {};
  }
  Outcome outcome;
  if (status == LUA_ERRMEM) {
    lua_pop(L_, 1);
    lua_gc(L_, LUA_GCCOLLECT, 0);  // what the script held is garbage now, and the next command needs room
    outcome.status = Outcome::Status::out_of_memory;
    outcome.message = fmt::format("not enough memory (the limit is {} MiB)", options_.memory_cap_bytes >> 20);
    return outcome;
  }
  outcome.status = interrupted() ? Outcome::Status::interrupted : Outcome::Status::error;
  // Showing an error object may run a script's __tostring: take the hook away meanwhile, it would raise again.
  if (interrupted()) lua_sethook(L_, nullptr, 0, 0);
  outcome.message = error_text(L_);
  outcome.traceback = registered_strings(L_, "syslab.traceback");
  outcome.full_traceback = registered_strings(L_, "syslab.full_traceback");
  return outcome;
}

LuaHost::Outcome LuaHost::run_string(std::string_view code, const std::string& chunk_name, int* results) {
  Outcome outcome = compile(code, chunk_name);
  return outcome.ok() ? call(0, results) : outcome;
}

LuaHost::Outcome LuaHost::run_file(const std::string& path, int* results) {
  const Expected<std::string> text = read_text_file(path);
  if (!text) return {Outcome::Status::error, text.error().message};
  if (text->find('\0') != std::string::npos) {
    return {Outcome::Status::error, fmt::format("{} is not a Lua script: it contains NUL bytes", path)};
  }
  const std::size_t slash = path.rfind('/');
  script_folder = slash == std::string::npos ? "." : path.substr(0, slash);
  Outcome outcome = run_string(*text, "@" + path, results);
  if (outcome.status == Outcome::Status::incomplete)
    outcome.status = Outcome::Status::error;  // a file has no more text
  return outcome;
}

void LuaHost::request_interrupt() {
  interrupted_ = 1;
  attention = 1;
  lua_sethook(L_, &count_hook, LUA_MASKCOUNT, 1);
}

void LuaHost::clear_interrupt() {
  interrupted_ = 0;
  budget_exhausted_ = false;
  lua_sethook(L_, nullptr, 0, 0);
}

void LuaHost::set_budget(std::uint64_t instructions) {
  clear_interrupt();
  if (instructions == 0) return;
  const auto most = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
  lua_sethook(L_, &count_hook, LUA_MASKCOUNT, static_cast<int>(instructions < most ? instructions : most));
}

const std::string& LuaHost::data_folder() {
  static const std::string folder = [] {
    if (const char* home = std::getenv("SYSLAB_HOME"); home != nullptr && *home != '\0') return std::string(home);
    char path[4096];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    std::string program(path, n > 0 ? static_cast<std::size_t>(n) : 0);
    const std::string installed = program.substr(0, program.rfind('/') + 1) + "../share/syslab";
    if (is_folder(installed + "/lua")) return installed;
    return std::string(SYSLAB_SOURCE_DIR);
  }();
  return folder;
}

Expected<std::string> LuaHost::read_data(const std::string& path) { return read_text_file(data_folder() + "/" + path); }

Expected<std::string> read_text_file(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    return make_error("not_found", fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  if (S_ISDIR(info.st_mode)) return make_error("io_error", fmt::format("cannot read {}: it is a folder", path));
  if (!S_ISREG(info.st_mode)) return make_error("io_error", fmt::format("cannot read {}: it is no regular file", path));
  if (static_cast<std::size_t>(info.st_size) > kMaxFileBytes) {
    return make_error("io_error", fmt::format("cannot read {}: it is larger than 1 GiB", path));
  }
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return make_error("not_found", fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return make_error("io_error", fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  return text;
}

}  // namespace syslab
