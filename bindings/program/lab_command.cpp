// syslab lab [list | NAME | check NAME [FILE] | verify NAME|--all | reset [NAME]]: lua/lab.lua does it. At a
// terminal, NAME opens the prompt.
#include <unistd.h>

#include <algorithm>

#include "bindings/program/labs.hpp"
#include "bindings/program/session.hpp"
#include "bindings/program/subcommand.hpp"

namespace syslab::program {
namespace {

bool at_terminal() { return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1; }

bool is_lab(const std::string& name) {
  const std::vector<std::string> names = lab_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The prompt with a lab open.
int open_lab(const CommonOptions& common, const std::string& name) {
  SessionOptions session;
  session.engine = common.engine(true);
  session.quiet = true;  // the lab's own first screen greets
  session.prepare = [name](Engine& engine) { engine.call_library("lab", "open", {name}); };
  session.prepare_again = true;
  return run_session(session);
}

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  app.footer("Usage: syslab lab [list | NAME | check NAME [FILE] | verify NAME|--all [--seeds N] | reset [NAME]]");
  app.prefix_command();
  return [&app, &common] {
    const std::vector<std::string> args = app.remaining();
    if (args.size() == 1 && at_terminal() && is_lab(args[0])) return open_lab(common, args[0]);
    return run_library_command(common, "lab", args);
  };
}

const Subcommand lab{"lab", "Do a guided lab", &setup};

}  // namespace
}  // namespace syslab::program
