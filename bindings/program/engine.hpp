// The lab in this process: evaluates inputs and scripts in a Lua host, shows results and errors.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/host/lua_host.hpp"
#include "bindings/program/completion.hpp"
#include "bindings/program/diagnosis.hpp"
#include "bindings/program/evaluator.hpp"

namespace syslab::program {

struct EngineOptions {
  LuaOptions host = {};
  Terminal out = {};         // standard output
  Terminal err = {};         // standard error
  bool interactive = false;  // a person reads the answers
  std::string init_file = {};                // run in every fresh lab; "" for none
  std::vector<std::string> modules = {};     // -l: required in every fresh lab, as globals
};

class Engine final : public Evaluator {
 public:
  explicit Engine(EngineOptions options);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  LuaHost& host() { return *host_; }
  const EngineOptions& options() const { return options_; }

  // Makes the lab fresh; modules and the init file are run. An error in them is told, and is the status.
  Status start();

  Verdict classify(const std::string& input) override;
  Status execute(const std::string& input) override;
  Completion complete(std::string_view line, std::size_t cursor) override;

  // Runs a whole script with its arguments in `...` and `arg`, and shows what it returns.
  Status run_file(const std::string& path, const std::vector<std::string>& args);
  // The same for a text that came from elsewhere ("=stdin").
  Status run_script(const std::string& text, const std::string& chunk_name, const std::vector<std::string>& args);
  // Runs a line of the command line; an expression is shown.
  Status run_line(const std::string& text);
  // Calls function `function` of lua/`module`.lua with strings and shows an error it raises. A whole number that it
  // returns goes to `result`.
  Status call_library(const std::string& module, const std::string& function, const std::vector<std::string>& args,
                      int* result = nullptr);

  // How a script or a guided lab asks the person something; empty when there is nobody or no answer.
  std::function<std::optional<std::string>(const std::string& question)> ask;

  // Called when a command (.reset, .seed) has made the lab fresh again; empty when there is nothing to do then.
  std::function<void(Engine&)> after_reset;

  // Asks the running script to stop, soon. Async-signal-safe.
  void interrupt() { host_->request_interrupt(); }

 private:
  friend struct ProgramFunctions;

  Status evaluate(const std::string& text);
  Status run_library(const std::string& function, const std::vector<std::string>& args);
  LuaHost::Outcome compile_expression(const std::string& expression, const std::string& name);
  Status call_script(const std::vector<std::string>& args, bool after_first);
  Status finish(const LuaHost::Outcome& outcome, int results);
  Status report(const LuaHost::Outcome& outcome);
  Status show_results(int results);
  LuaHost::Outcome compile_script(const std::string& path, std::vector<std::string> args, int* pushed);
  bool push_library_function(const std::string& module, const std::string& function);
  void install_program_functions();
  std::vector<std::string> library_names(const std::string& function);
  void hint_absent(const std::string& input);

  EngineOptions options_;
  std::unique_ptr<LuaHost> host_;
  Sources sources_;
  std::size_t inputs_ = 0;
  std::string current_chunk_;  // of the input that runs
  std::vector<std::string> traceback_;       // of the last error
  std::vector<std::string> full_traceback_;  // with the library's frames
  std::optional<std::uint64_t> fresh_seed_;  // set by a command that wants a fresh lab after it
};

// While it lives, Ctrl-C interrupts the engine's script; a second one, should the script not listen (it is inside one
// long C call), ends the process with exit code 130 if `exit_when_deaf`.
class InterruptScope {
 public:
  InterruptScope(Engine& engine, bool exit_when_deaf);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
};

}  // namespace syslab::program
