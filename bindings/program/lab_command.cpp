// syslab lab [list | NAME | check NAME | reset NAME ...]: lua/lab.lua does it. With the name of a lab and at a terminal,
// the lab opens and the prompt follows.
#include <unistd.h>

#include <algorithm>

#include "bindings/program/labs.hpp"
#include "bindings/program/session.hpp"
#include "bindings/program/subcommand.hpp"

namespace syslab::program {
namespace {

bool opens_a_lab(const std::vector<std::string>& args) {
  if (args.size() != 1 || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) return false;
  const std::vector<std::string> labs = lab_names();
  return std::find(labs.begin(), labs.end(), args[0]) != labs.end();
}

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  app.footer("Usage: syslab lab [list | NAME | check NAME | reset [NAME]]");
  app.prefix_command();
  return [&app, &common] {
    const std::vector<std::string> args = app.remaining();
    if (!opens_a_lab(args)) return run_library_command(common, "lab", args);
    SessionOptions session;
    session.engine = common.engine(true);
    session.quiet = common.quiet;
    session.prepare = [&args](Engine& engine) { engine.call_library("lab", "main", args); };
    return run_session(session);
  };
}

const Subcommand lab{"lab", "Do a guided lab", &setup};

}  // namespace
}  // namespace syslab::program
