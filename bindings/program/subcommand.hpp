// Subcommands of the program. One file each: a `static const Subcommand` in a file below bindings/program/ is all it
// takes; main learns of it by the list.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "bindings/program/engine.hpp"

namespace syslab::program {

// The options that all ways to run something share.
struct CommonOptions {
  std::uint64_t seed = 1;
  std::string color = "auto";
  bool jit = false;
  bool no_init = false;
  bool quiet = false;
  bool stay = false;                       // -i
  std::vector<std::string> modules = {};   // -l

  // For a lab whose answers a person reads (`interactive`) or not.
  EngineOptions engine(bool interactive) const;
};

struct Subcommand {
  // Adds the arguments to `app` and returns what runs the command: its result is the exit code.
  using Setup = std::function<int()> (*)(CLI::App& app, const CommonOptions& common);

  Subcommand(std::string name, std::string summary, Setup setup);  // registers itself
  Subcommand(const Subcommand&) = delete;
  Subcommand& operator=(const Subcommand&) = delete;

  const std::string name;
  const std::string summary;
  const Setup setup;
};

// Sorted by name.
const std::vector<const Subcommand*>& subcommands();

int exit_code_of(Evaluator::Status status);

// Runs a script in a fresh lab, then stays at a prompt if asked to (-i) and at a terminal.
int run_script(const CommonOptions& common, const std::function<Evaluator::Status(Engine&)>& script);

// Calls function `main` of lua/`module`.lua with the arguments in a fresh lab; the whole number that it returns is the
// exit code.
int run_library_command(const CommonOptions& common, const std::string& module, const std::vector<std::string>& args);

}  // namespace syslab::program
