#include "bindings/program/engine.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>

#include "bindings/grade/submission.hpp"
#include "bindings/host/arguments.hpp"
#include "bindings/host/object.hpp"
#include "bindings/host/script_error.hpp"
#include "bindings/program/chunk.hpp"
#include "bindings/program/exit_code.hpp"
#include "bindings/program/labs.hpp"
#include "bindings/program/terminal.hpp"
#include "core/base/nearest.hpp"

namespace syslab::program {
namespace {

using Outcome = LuaHost::Outcome;

// What the signal handler stops. Null while there is nothing to stop.
std::atomic<LuaHost*> running_host{nullptr};
std::atomic<bool> deaf_exits{false};
std::atomic<int> interrupts{0};

void on_interrupt(int) {
  if (LuaHost* host = running_host.load()) host->request_interrupt();
  // The script got its chance at the first Ctrl-C; who presses again wants out.
  if (interrupts.fetch_add(1) > 0 && deaf_exits.load()) _exit(exit_code::kInterrupted);
}

bool is_command(std::string_view input) {
  return input.size() > 1 && input[0] == '.' && input[1] >= 'a' && input[1] <= 'z';
}

bool is_identifier(std::string_view text) {
  const NamePath path = path_at_end(text);
  return path.begin == 0 && path.names.size() == 1 && !text.empty() && (text[0] < '0' || text[0] > '9');
}

std::string_view after_equals(std::string_view input) {
  return input.starts_with('=') && !input.starts_with("==") ? trimmed(input.substr(1)) : std::string_view();
}

Engine& engine_of(lua_State* L) { return pointer_at<Engine>(L, lua_upvalueindex(1)); }

int push_nil_and(lua_State* L, const std::string& message) {
  lua_pushnil(L);
  lua_pushlstring(L, message.data(), message.size());
  return 2;
}

void push_strings(lua_State* L, const std::vector<std::string>& strings) {
  lua_createtable(L, static_cast<int>(strings.size()), 0);
  for (std::size_t i = 0; i < strings.size(); ++i) {
    lua_pushlstring(L, strings[i].data(), strings[i].size());
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
}

std::error_code replace(const std::string& path, std::string_view text) {
  const std::string next = fmt::format("{}.{}.new", path, getpid());
  std::FILE* file = std::fopen(next.c_str(), "wb");
  if (file == nullptr) return {errno, std::generic_category()};
  std::error_code error;
  bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  written = std::fflush(file) == 0 && fsync(fileno(file)) == 0 && written;
  if (!written) error = {errno, std::generic_category()};
  std::fclose(file);
  if (!error) std::filesystem::rename(next, path, error);
  if (error) std::remove(next.c_str());
  return error;
}

}  // namespace

// The functions that only the program's Lua side (lua/repl.lua) gets, as host.program.
struct ProgramFunctions {
  // load(path) -> function | nil, message
  static int load(lua_State* L) {
    Engine& engine = engine_of(L);
    int pushed = 0;
    const Outcome outcome = engine.compile_script(std::string(string_argument(L, 1, "path")), {}, &pushed);
    if (outcome.ok()) return pushed;
    lua_pushnil(L);
    lua_pushlstring(L, outcome.message.data(), outcome.message.size());
    return 2;
  }
  // write_file(path, text) -> true | nil, message
  static int write_file(lua_State* L) {
    const std::string path(string_argument(L, 1, "path"));
    const std::string_view text = string_argument(L, 2, "text");
    std::FILE* file = std::fopen(path.c_str(), "wb");
    const bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const int error = errno;
    if (file != nullptr && std::fclose(file) == 0 && written) return lua_pushboolean(L, 1), 1;
    lua_pushnil(L);
    const std::string message = fmt::format("cannot write {}: {}", path, std::strerror(error));
    lua_pushlstring(L, message.data(), message.size());
    return 2;
  }
  // What the program remembers between runs, one small file a name in state_path.
  // read_state(name) -> text | nothing if there is none | nil, message
  static int read_state(lua_State* L) {
    const std::string path = state_path(std::string(string_argument(L, 1, "name")));
    std::error_code ignored;
    if (path.empty() || !std::filesystem::exists(path, ignored)) return 0;
    const Expected<std::string> text = read_text_file(path);
    if (text) return lua_pushlstring(L, text->data(), text->size()), 1;
    return push_nil_and(L, text.error().message);
  }
  // write_state(name, text) -> true | nil, message. A reader sees the old text or the new one, never a part.
  static int write_state(lua_State* L) {
    const std::string path = state_path(std::string(string_argument(L, 1, "name")));
    const std::string_view text = string_argument(L, 2, "text");
    if (path.empty()) return push_nil_and(L, "there is no folder for it: neither HOME nor XDG_STATE_HOME is set");
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (!error) error = replace(path, text);
    if (error) return push_nil_and(L, fmt::format("cannot write {}: {}", path, error.message()));
    return lua_pushboolean(L, 1), 1;
  }
  // set_aside_state(name) -> the path where the file is now | nil, message
  static int set_aside_state(lua_State* L) {
    const std::string path = state_path(std::string(string_argument(L, 1, "name")));
    const std::string aside = path + ".broken";
    if (std::rename(path.c_str(), aside.c_str()) != 0) {
      return push_nil_and(L, fmt::format("cannot rename {}: {}", path, std::strerror(errno)));
    }
    lua_pushlstring(L, aside.data(), aside.size());
    return 1;
  }
  static int read_file(lua_State* L) {
    const Expected<std::string> text = read_text_file(std::string(string_argument(L, 1, "path")));
    if (text) return lua_pushlstring(L, text->data(), text->size()), 1;
    lua_pushnil(L);
    lua_pushlstring(L, text.error().message.data(), text.error().message.size());
    return 2;
  }
  // keep_locals(text) -> text with outermost locals made globals
  static int keep(lua_State* L) {
    const std::string text = keep_locals(string_argument(L, 1, "text"));
    lua_pushlstring(L, text.data(), text.size());
    return 1;
  }
  // traceback(full) -> array of frames of the last error
  static int traceback(lua_State* L) {
    const Engine& engine = engine_of(L);
    return push_strings(L, lua_toboolean(L, 1) ? engine.full_traceback_ : engine.traceback_), 1;
  }
  static int seed(lua_State* L) {
    lua_pushnumber(L, static_cast<double>(engine_of(L).options_.host.seed));
    return 1;
  }
  // reset([seed]): a fresh lab, once the command has ended
  static int reset(lua_State* L) {
    Engine& engine = engine_of(L);
    engine.fresh_seed_ = lua_isnoneornil(L, 1) ? engine.options_.host.seed
                                               : static_cast<std::uint64_t>(number_argument(L, 1, "seed"));
    return 0;
  }
  static int ask(lua_State* L) {
    const Engine& engine = engine_of(L);
    const std::string question(string_argument(L, 1, "question"));
    const std::optional<std::string> answer = engine.ask ? engine.ask(question) : std::nullopt;
    if (!answer) return 0;
    lua_pushlstring(L, answer->data(), answer->size());
    return 1;
  }
  // Real seconds, for .time only: nothing that reaches a result may see them.
  static int wall_seconds(lua_State* L) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    lua_pushnumber(L, std::chrono::duration<double>(now).count());
    return 1;
  }
  // The world made last; nothing before there is one.
  static int world(lua_State* L) {
    lua_getfield(L, LUA_REGISTRYINDEX, "syslab.world");
    return 1;
  }
  // replace_file(path, text) -> true | nil, message. Whoever reads it sees the old text or the new one, never a part.
  static int replace_file(lua_State* L) {
    const std::string path(string_argument(L, 1, "path"));
    const std::error_code error = replace(path, string_argument(L, 2, "text"));
    if (error) return push_nil_and(L, fmt::format("cannot write {}: {}", path, error.message()));
    return lua_pushboolean(L, 1), 1;
  }
  // data_path(path) -> where a file of the data lies
  static int data_path(lua_State* L) {
    const std::string path = LuaHost::data_folder() + "/" + std::string(string_argument(L, 1, "path"));
    lua_pushlstring(L, path.data(), path.size());
    return 1;
  }
  // make_file(path, text) -> true | nil, message: a new file, and the folders it lies in
  static int make_file(lua_State* L) {
    const std::string path(string_argument(L, 1, "path"));
    const std::string_view text = string_argument(L, 2, "text");
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (!error && std::filesystem::exists(path)) error = std::make_error_code(std::errc::file_exists);
    if (!error) error = replace(path, text);
    if (error) return push_nil_and(L, fmt::format("cannot write {}: {}", path, error.message()));
    return lua_pushboolean(L, 1), 1;
  }
  // wait_for_change(path): waits until a file is another than at the last call. False where it was interrupted.
  static int wait_for_change(lua_State* L) {
    const std::string path(string_argument(L, 1, "path"));
    const auto look = [&path] {
      struct stat info {};
      if (stat(path.c_str(), &info) != 0) return std::string("absent");
      return fmt::format("{} {} {} {}", info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    };
    static std::map<std::string, std::string> seen;
    const auto known = seen.find(path);
    std::string now = look();
    LuaHost& host = LuaHost::of(L);
    while (known != seen.end() && now == known->second && !host.interrupted()) {
      constexpr timespec kPause{0, 50'000'000};
      nanosleep(&kPause, nullptr);
      now = look();
    }
    seen[path] = now;
    lua_pushboolean(L, host.interrupted() ? 0 : 1);
    return 1;
  }
  // list_data(folder) -> the names of the files in a folder of the data, sorted; empty where there is no such folder
  static int list_data(lua_State* L) {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator at(LuaHost::data_folder() + "/" + std::string(string_argument(L, 1, "folder")),
                                           error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return push_strings(L, names), 1;
  }
  static int labs(lua_State* L) { return push_strings(L, lab_names()), 1; }
  // nearest(word, names) -> name | nil
  static int nearest_name(lua_State* L) {
    const std::string word(string_argument(L, 1, "word"));
    luaL_checktype(L, 2, LUA_TTABLE);
    std::vector<std::string> names;
    for (int i = 1; i <= static_cast<int>(lua_objlen(L, 2)); ++i) {
      lua_rawgeti(L, 2, i);
      names.emplace_back(string_argument(L, -1, "name"));
      lua_pop(L, 1);
    }
    const std::string found = nearest(word, names);
    if (found.empty()) return 0;
    lua_pushlstring(L, found.data(), found.size());
    return 1;
  }
  static int error_write(lua_State* L) {
    const std::string_view text = string_argument(L, 1, "text");
    std::fflush(stdout);
    std::fwrite(text.data(), 1, text.size(), stderr);
    return 0;
  }
  static int interactive(lua_State* L) { return lua_pushboolean(L, engine_of(L).options_.interactive), 1; }
};

Engine::Engine(EngineOptions options) : options_(std::move(options)) {}

Engine::~Engine() {
  if (running_host.load() == host_.get()) running_host.store(nullptr);
}

Evaluator::Status Engine::start() {
  const bool listening = host_ != nullptr && running_host.load() == host_.get();
  running_host.store(nullptr);
  host_.reset();
  host_ = std::make_unique<LuaHost>(options_.host);
  host_->terminal = options_.out;
  if (listening) running_host.store(host_.get());
  install_program_functions();
  for (const std::string& module : options_.modules) {
    const std::string name = module.substr(module.rfind('.') + 1);
    const Status status = run_script(fmt::format("{} = require '{}'", name, module), "=(option -l)", {});
    if (status != Status::ok) return status;
  }
  std::error_code ignored;
  if (!options_.init_file.empty() && std::filesystem::exists(options_.init_file, ignored)) {
    return run_file(options_.init_file, {});
  }
  return Status::ok;
}

void Engine::install_program_functions() {
  lua_State* L = host_->state();
  lua_getfield(L, LUA_REGISTRYINDEX, "syslab.host");
  lua_newtable(L);
  const auto set = [&](const char* name, lua_CFunction function) {
    push_pointer(L, this);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
  };
  set("load", &guard<&ProgramFunctions::load>);
  set("write_file", &guard<&ProgramFunctions::write_file>);
  set("read_file", &guard<&ProgramFunctions::read_file>);
  set("read_state", &guard<&ProgramFunctions::read_state>);
  set("write_state", &guard<&ProgramFunctions::write_state>);
  set("set_aside_state", &guard<&ProgramFunctions::set_aside_state>);
  set("keep_locals", &guard<&ProgramFunctions::keep>);
  set("traceback", &guard<&ProgramFunctions::traceback>);
  set("seed", &guard<&ProgramFunctions::seed>);
  set("reset", &guard<&ProgramFunctions::reset>);
  set("ask", &guard<&ProgramFunctions::ask>);
  set("wall_seconds", &guard<&ProgramFunctions::wall_seconds>);
  set("world", &guard<&ProgramFunctions::world>);
  set("labs", &guard<&ProgramFunctions::labs>);
  set("nearest", &guard<&ProgramFunctions::nearest_name>);
  set("error_write", &guard<&ProgramFunctions::error_write>);
  set("interactive", &guard<&ProgramFunctions::interactive>);
  set("replace_file", &guard<&ProgramFunctions::replace_file>);
  set("data_path", &guard<&ProgramFunctions::data_path>);
  set("make_file", &guard<&ProgramFunctions::make_file>);
  set("wait_for_change", &guard<&ProgramFunctions::wait_for_change>);
  set("list_data", &guard<&ProgramFunctions::list_data>);
  grade::install_submission_functions(L);
  lua_setfield(L, -2, "program");
  lua_pop(L, 1);
  lua_settop(L, 0);
  if (push_library_function("repl", "install")) {
    const Outcome outcome = host_->call(0);
    if (!outcome.ok()) report(outcome);
  }
}

// Pushes require(module)[function]; tells what is wrong and returns false where that fails.
bool Engine::push_library_function(const std::string& module, const std::string& function) {
  lua_State* L = host_->state();
  lua_getglobal(L, "require");
  lua_pushlstring(L, module.data(), module.size());
  int results = 0;
  const Outcome outcome = host_->call(1, &results);
  if (!outcome.ok()) {
    report(outcome);
    return false;
  }
  lua_settop(L, lua_gettop(L) - results + 1);
  lua_getfield(L, -1, function.c_str());
  lua_remove(L, -2);
  return true;
}

Evaluator::Status Engine::call_library(const std::string& module, const std::string& function,
                                       const std::vector<std::string>& args, int* result) {
  host_->clear_interrupt();
  current_chunk_.clear();
  if (!push_library_function(module, function)) return Status::error;
  lua_State* L = host_->state();
  for (const std::string& arg : args) lua_pushlstring(L, arg.data(), arg.size());
  int results = 0;
  const Outcome outcome = host_->call(static_cast<int>(args.size()), &results);
  if (!outcome.ok()) return report(outcome);
  if (result != nullptr && results > 0 && lua_isnumber(L, -results) != 0) {
    *result = static_cast<int>(lua_tointeger(L, -results));
  }
  lua_pop(L, results);
  return Status::ok;
}

Evaluator::Verdict Engine::classify(const std::string& input) {
  std::string_view text = trimmed(input);
  if (text.empty() || is_command(text) || text.starts_with('?')) return Verdict::complete;
  const std::string_view asked = after_equals(text);
  if (!asked.empty()) text = asked;
  const Outcome expression = compile_expression(std::string(text), "=probe");
  const Outcome chunk = expression.ok() || !asked.empty() ? expression : host_->compile(text, "=probe");
  lua_settop(host_->state(), 0);
  if (expression.ok() || chunk.ok()) return Verdict::complete;
  const bool more = expression.status == Outcome::Status::incomplete || chunk.status == Outcome::Status::incomplete;
  return more ? Verdict::incomplete : Verdict::broken;
}

Evaluator::Status Engine::execute(const std::string& input) {
  host_->clear_interrupt();
  interrupts.store(0);
  const std::string_view text = trimmed(input);
  Status status;
  if (is_command(text)) {
    const std::size_t end = text.find_first_of(" \t\n");
    const std::string_view argument = end == std::string_view::npos ? "" : trimmed(text.substr(end));
    current_chunk_.clear();
    status = run_library("command", {std::string(text.substr(1, end == std::string_view::npos ? end : end - 1)),
                                     std::string(argument)});
  } else if (text.starts_with('?')) {
    current_chunk_.clear();
    status = run_library("command", {"help", std::string(trimmed(text.substr(1)))});
  } else {
    status = evaluate(input);
    if (status == Status::ok) run_library("record", {input});
  }
  host_->clear_interrupt();
  lua_settop(host_->state(), 0);
  if (fresh_seed_) {
    options_.host.seed = *fresh_seed_;
    fresh_seed_.reset();
    const Status fresh = start();
    if (status == Status::ok) status = fresh;
    if (fresh == Status::ok && after_reset) after_reset(*this);
  }
  return status;
}

Evaluator::Status Engine::evaluate(const std::string& text) {
  const std::string_view asked = after_equals(trimmed(text));
  const std::string expression = asked.empty() ? text : std::string(asked);
  const std::string name = fmt::format("=input {}", ++inputs_);
  current_chunk_ = sources_.add(name, expression);
  bool shows = true;
  Outcome compiled = compile_expression(expression, name);
  if (!compiled.ok() && asked.empty()) {
    shows = false;
    compiled = host_->compile(keep_locals(text), name);
  }
  if (!compiled.ok()) return report(compiled);
  const Status status = call_script({}, shows);
  if (status == Status::ok && options_.interactive) hint_absent(std::string(trimmed(expression)));
  return status;
}

// Not `return EXPRESSION`, which may be a tail call: that would hide the input and the first function from tracebacks.
// The additional first result is dropped by call_script.
Outcome Engine::compile_expression(const std::string& expression, const std::string& name) {
  return host_->compile("return nil, " + expression, name);
}

Evaluator::Status Engine::finish(const Outcome& outcome, int results) {
  if (!outcome.ok()) return report(outcome);
  const Status status = show_results(results);
  std::fflush(stdout);
  return status;
}

// The values on the stack, by lua/repl.lua.
Evaluator::Status Engine::show_results(int results) {
  lua_State* L = host_->state();
  if (results == 0) return Status::ok;
  const int first = lua_gettop(L) - results + 1;
  if (!push_library_function("repl", "show")) return Status::error;
  lua_insert(L, first);
  const Outcome outcome = host_->call(results);
  return outcome.ok() ? Status::ok : report(outcome);
}

// A function of lua/repl.lua with strings; what it returns beside true is shown by itself.
Evaluator::Status Engine::run_library(const std::string& function, const std::vector<std::string>& args) {
  lua_State* L = host_->state();
  if (!push_library_function("repl", function)) return Status::error;
  for (const std::string& arg : args) lua_pushlstring(L, arg.data(), arg.size());
  int results = 0;
  const Outcome outcome = host_->call(static_cast<int>(args.size()), &results);
  if (!outcome.ok()) return report(outcome);
  const bool good = results == 0 || lua_toboolean(L, -results) != 0;
  lua_pop(L, results);
  std::fflush(stdout);
  return good ? Status::ok : Status::error;
}

// An undefined name reads as nil, and nil prints nothing: say so where another name is near.
void Engine::hint_absent(const std::string& input) {
  if (!is_identifier(input)) return;
  lua_State* L = host_->state();
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  lua_pushlstring(L, input.data(), input.size());
  lua_rawget(L, -2);
  const bool absent = lua_isnil(L, -1);
  lua_pop(L, 1);
  std::vector<std::string> names;
  lua_pushnil(L);
  while (absent && lua_next(L, -2) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -1));
  }
  lua_settop(L, 0);
  const std::string meant = absent && input != "nil" ? nearest(input, names) : "";
  if (!meant.empty()) std::fprintf(stderr, "nil (did you mean '%s'?)\n", meant.c_str());
}

Evaluator::Status Engine::report(const Outcome& outcome) {
  std::fflush(stdout);
  traceback_ = outcome.traceback;
  full_traceback_ = outcome.full_traceback;
  const bool color = options_.err.color;
  const std::string red = color ? "\033[1;31m" : "";
  const std::string dim = color ? "\033[2m" : "";
  const std::string plain = color ? "\033[0m" : "";
  if (outcome.status == Outcome::Status::interrupted && !host_->budget_exhausted()) {
    const double seconds = host_->seconds();
    const std::string when = seconds > 0 ? fmt::format(" at {:g} s of simulated time", seconds) : "";
    const char* kept = options_.interactive ? "; everything is kept" : "";
    fmt::print(stderr, "{}interrupted{}{}{}\n", red, plain, when, kept);
    return Status::interrupted;
  }
  const Diagnosis found = diagnose(host_->state(), outcome.message, sources_);
  const bool here = !current_chunk_.empty() && found.chunk == current_chunk_ && options_.interactive;
  std::string text = found.text;
  if (!found.suggestion.empty()) text += fmt::format(" (did you mean '{}'?)", found.suggestion);
  if (found.chunk.empty() || here) {
    fmt::print(stderr, "{}error:{} {}\n", red, plain, text);
  } else {
    fmt::print(stderr, "{}{}:{}:{} {}\n", red, found.chunk, found.line, plain, text);
  }
  if (!trimmed(found.source_line).empty() && found.source_line.size() <= 400) {
    const std::string margin = here ? "  " : fmt::format("{:5} | ", found.line);
    fmt::print(stderr, "{}{}{}{}\n", dim, margin, plain, found.source_line);
    if (found.column != std::string::npos) {
      std::string space(margin.size(), ' ');
      for (std::size_t i = 0; i < found.column; ++i) {
        const char c = found.source_line[i];
        if ((c & 0xC0) == 0x80) continue;  // inside a UTF-8 character
        space += c == '\t' ? '\t' : ' ';
      }
      fmt::print(stderr, "{}{}{}{}\n", space, red, std::string(found.length, '^'), plain);
    }
  }
  constexpr std::size_t kFramesShown = 4;
  for (std::size_t i = 1; i < traceback_.size() && i <= kFramesShown; ++i) {
    fmt::print(stderr, "{}  from {}{}\n", dim, traceback_[i], plain);
  }
  if (traceback_.size() > kFramesShown + 1) {
    const char* hint = options_.interactive ? " (.bt shows all)" : "";
    fmt::print(stderr, "{}  ... {} more{}{}\n", dim, traceback_.size() - kFramesShown - 1, hint, plain);
  }
  return Status::error;
}

Outcome Engine::compile_script(const std::string& path, std::vector<std::string> args, int* pushed) {
  Expected<std::string> text = read_text_file(path);
  if (!text) return {Outcome::Status::error, text.error().message};
  if (text->find('\0') != std::string::npos) {
    return {Outcome::Status::error, fmt::format("{} is not a Lua script: it contains NUL bytes", path)};
  }
  if (text->starts_with("\033")) return {Outcome::Status::error, fmt::format("{} is bytecode, not a Lua script", path)};
  const std::size_t slash = path.rfind('/');
  host_->script_folder = slash == std::string::npos ? "." : path.substr(0, slash);
  Outcome outcome = host_->compile(*text, "@" + path);
  sources_.add("@" + path, std::move(text.value()));
  if (!outcome.ok()) {
    outcome.status = Outcome::Status::error;
    return outcome;
  }
  lua_State* L = host_->state();
  for (const std::string& arg : args) lua_pushlstring(L, arg.data(), arg.size());
  *pushed = 1 + static_cast<int>(args.size());
  push_strings(L, args);
  lua_pushlstring(L, path.data(), path.size());
  lua_rawseti(L, -2, 0);
  lua_setglobal(L, "arg");
  return outcome;
}

Evaluator::Status Engine::run_file(const std::string& path, const std::vector<std::string>& args) {
  host_->clear_interrupt();
  current_chunk_.clear();
  int pushed = 0;
  const Outcome compiled = compile_script(path, args, &pushed);
  if (!compiled.ok()) return report(compiled);
  int results = 0;
  const Outcome outcome = host_->call(pushed - 1, &results);
  return finish(outcome, results);
}

Evaluator::Status Engine::run_script(const std::string& text, const std::string& chunk_name,
                                     const std::vector<std::string>& args) {
  host_->clear_interrupt();
  current_chunk_ = sources_.add(chunk_name, text);
  const Outcome compiled = host_->compile(text, chunk_name);
  return compiled.ok() ? call_script(args, false) : report(compiled);
}

Evaluator::Status Engine::run_line(const std::string& text) {
  host_->clear_interrupt();
  const std::string name = "=(command line)";
  current_chunk_ = sources_.add(name, text);
  const Outcome expression = compile_expression(text, name);
  const Outcome compiled = expression.ok() ? expression : host_->compile(text, name);
  return compiled.ok() ? call_script({}, expression.ok()) : report(compiled);
}

// Calls the function on the stack and shows what it returns, `after_first` without the first.
Evaluator::Status Engine::call_script(const std::vector<std::string>& args, bool after_first) {
  lua_State* L = host_->state();
  for (const std::string& arg : args) lua_pushlstring(L, arg.data(), arg.size());
  int results = 0;
  const Outcome outcome = host_->call(static_cast<int>(args.size()), &results);
  if (outcome.ok() && after_first) lua_remove(L, -results--);
  return finish(outcome, results);
}

// A list of strings that a function of lua/repl.lua returns.
std::vector<std::string> Engine::library_names(const std::string& function) {
  std::vector<std::string> names;
  lua_State* L = host_->state();
  const int top = lua_gettop(L);
  int results = 0;
  if (push_library_function("repl", function) && host_->call(0, &results).ok() && results > 0 &&
      lua_istable(L, -results)) {
    const int table = lua_gettop(L) - results + 1;
    for (int i = 1; i <= static_cast<int>(lua_objlen(L, table)); ++i) {
      lua_rawgeti(L, table, i);
      if (lua_type(L, -1) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -1));
      lua_pop(L, 1);
    }
  }
  lua_settop(L, top);
  return names;
}

Completion Engine::complete(std::string_view line, std::size_t cursor) {
  CompletionContext context;
  line = line.substr(0, cursor);
  const std::string_view text = trimmed(line);
  if (text.starts_with('.')) {
    host_->clear_interrupt();
    context.commands = library_names("command_names");
    context.labs = lab_names();
  }
  const Completion found = complete_line(host_->state(), line, context);
  return found;
}

InterruptScope::InterruptScope(Engine& engine, bool exit_when_deaf) {
  interrupts.store(0);
  deaf_exits.store(exit_when_deaf);
  running_host.store(&engine.host());
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

InterruptScope::~InterruptScope() {
  std::signal(SIGINT, SIG_DFL);
  running_host.store(nullptr);
}

}  // namespace syslab::program
