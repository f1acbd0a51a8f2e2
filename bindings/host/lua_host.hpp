// LuaHost: one sandboxed Lua state with syslab's library in it.
//
// The state has an arena of its own (capped memory, addresses that do not vary), no way to the file system,
// the clock or the machine's randomness, a `pairs` whose order is fixed, and the JIT compiler off (Debian's
// LuaJIT miscompiles nested pairs, and hooks do not fire in compiled code). It runs the prompt's and a
// script's code; an isolate is a second, smaller one that runs a node's code and can reach neither the first
// nor another isolate.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/host/arena.hpp"
#include "bindings/host/task.hpp"
#include "core/base/error.hpp"
#include "core/base/rng.hpp"

namespace syslab {

struct LuaOptions {
  std::uint64_t seed = 1;
  std::size_t memory_cap_bytes = std::size_t{1} << 30;
  bool jit = false;      // an explicit choice for compute-heavy scripts
  bool isolate = false;  // a node's code: no `require`, no privileged components
  std::vector<std::string> args = {};
};

// How output is drawn; set by the program from the terminal and its options.
struct Terminal {
  bool tty = false;
  bool color = false;
  bool unicode = true;
  int width = 80;
};

class LuaHost {
 public:
  explicit LuaHost(LuaOptions options);
  ~LuaHost();
  LuaHost(const LuaHost&) = delete;
  LuaHost& operator=(const LuaHost&) = delete;

  static LuaHost& of(lua_State* L);
  lua_State* state() { return L_; }
  const LuaOptions& options() const { return options_; }
  const Arena& arena() const { return *arena_; }
  Tasks& tasks() { return tasks_; }

  struct Outcome {
    enum class Status { ok, error, interrupted, incomplete, out_of_memory };
    Status status = Status::ok;
    std::string message = {};                 // "script.lua:12: attempt to ..."
    std::vector<std::string> traceback = {};  // the script's own frames, innermost first
    std::vector<std::string> full_traceback = {};  // with the library's
    bool ok() const { return status == Status::ok; }
  };

  // Runs a file or a piece of text to its end. The first line of a file may be a #! line. After success the results are
  // on the stack above what was there before (their number: `results`). Errors: a missing or unreadable file, syntax
  // (`incomplete` where more text could mend it), and whatever the script raises.
  Outcome run_file(const std::string& path, int* results = nullptr);
  Outcome run_string(std::string_view code, const std::string& chunk_name, int* results = nullptr);
  // Compiles and leaves the function on the stack.
  Outcome compile(std::string_view code, const std::string& chunk_name);
  // Calls the function below `arguments` values on the stack; leaves its results.
  Outcome call(int arguments, int* results = nullptr);

  // Makes running Lua code raise "interrupted" soon, and again until clear_interrupt(), so that pcall cannot hold it.
  // Async-signal-safe.
  void request_interrupt();
  void clear_interrupt();
  bool interrupted() const { return interrupted_ != 0; }
  // Set by an interrupt and by a task's error: who runs a world stops and looks.
  volatile std::sig_atomic_t attention = 0;

  // A budget of about `instructions` VM instructions for what runs next; 0 takes it away. Exhausting it interrupts.
  void set_budget(std::uint64_t instructions);
  bool budget_exhausted() const { return budget_exhausted_; }

  // The main chunk's random numbers (math.random). A world's own streams are separate.
  Rng rng;
  // What os.time and os.clock tell, in seconds: the time of the last world, 0 before there is one.
  std::function<double()> seconds = [] { return 0.0; };
  // Where print goes.
  std::function<void(std::string_view)> write;
  Terminal terminal;
  // The folder of the script that runs; `require` looks there after the library.
  std::string script_folder;

  // Where lua/ and labs/ are: $SYSLAB_HOME, the source tree the program was built from, or ../share/syslab beside it.
  static const std::string& data_folder();
  // The chunk name of a file of the library. It does not tell where the library lies: names are strings in
  // the state, and their lengths would move everything behind them.
  static std::string library_chunk(const std::string& file) { return "@syslab/" + file; }
  // A file below the data folder. Errors: not_found.
  static Expected<std::string> read_data(const std::string& path);

 private:
  friend void count_hook(lua_State*, lua_Debug*);

  LuaOptions options_;
  std::unique_ptr<Arena> arena_;
  Tasks tasks_{*this};  // closing the state ends worlds, which cancel their tasks: it must outlive the state
  lua_State* L_ = nullptr;
  volatile std::sig_atomic_t interrupted_ = 0;
  bool budget_exhausted_ = false;
};

// Reads a whole file as text. Errors: not_found, io_error (a folder, a device, too large: over 1 GiB).
Expected<std::string> read_text_file(const std::string& path);

}  // namespace syslab
