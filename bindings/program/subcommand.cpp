#include "bindings/program/subcommand.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "bindings/program/exit_code.hpp"
#include "bindings/program/session.hpp"
#include "bindings/program/terminal.hpp"

namespace syslab::program {
namespace {

std::vector<const Subcommand*>& registry() {
  static std::vector<const Subcommand*> list;
  return list;
}

// A script's question, without a line editor.
std::optional<std::string> ask_plainly(const std::string& question) {
  fmt::print("{}", question);
  std::fflush(stdout);
  std::string answer;
  if (!std::getline(std::cin, answer)) return std::nullopt;
  return answer;
}

}  // namespace

Subcommand::Subcommand(std::string name, std::string summary, Setup setup)
    : name(std::move(name)), summary(std::move(summary)), setup(setup) {
  registry().push_back(this);
}

const std::vector<const Subcommand*>& subcommands() {
  std::sort(registry().begin(), registry().end(),
            [](const Subcommand* a, const Subcommand* b) { return a->name < b->name; });
  return registry();
}

EngineOptions CommonOptions::engine(bool interactive) const {
  const ColorChoice choice = color == "always"  ? ColorChoice::always
                             : color == "never" ? ColorChoice::never
                                                : ColorChoice::automatic;
  EngineOptions options;
  options.host.seed = seed;
  options.host.jit = jit;
  options.out = inspect_terminal(STDOUT_FILENO, choice);
  options.err = inspect_terminal(STDERR_FILENO, choice);
  options.interactive = interactive;
  options.modules = modules;
  if (interactive && !no_init) options.init_file = config_path("init.lua");
  return options;
}

int exit_code_of(Evaluator::Status status) {
  switch (status) {
    case Evaluator::Status::ok:
      return exit_code::kOk;
    case Evaluator::Status::interrupted:
      return exit_code::kInterrupted;
    default:
      return exit_code::kFailed;
  }
}

int run_script(const CommonOptions& common, const std::function<Evaluator::Status(Engine&)>& script) {
  if (common.stay && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) {
    SessionOptions session;
    session.engine = common.engine(true);
    session.quiet = common.quiet;
    session.prepare = [&script](Engine& engine) { script(engine); };
    return run_session(session);
  }
  Engine engine(common.engine(false));
  engine.ask = ask_plainly;
  Evaluator::Status status = engine.start();
  InterruptScope scope(engine, true);
  if (status == Evaluator::Status::ok) status = script(engine);
  return exit_code_of(status);
}

int run_library_command(const CommonOptions& common, const std::string& module, const std::vector<std::string>& args) {
  int code = exit_code::kOk;
  const int failed =
      run_script(common, [&](Engine& engine) { return engine.call_library(module, "main", args, &code); });
  return failed != exit_code::kOk ? failed : code;
}

}  // namespace syslab::program
