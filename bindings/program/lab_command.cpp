// syslab lab ...: lua/lab.lua does it, and tells its usage. At a terminal NAME opens the prompt, and so does a replay.
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

// The prompt after a function of lua/lab.lua, which greets by itself.
int open_prompt(const CommonOptions& common, const std::string& function, const std::vector<std::string>& args) {
  SessionOptions session;
  session.engine = common.engine(true);
  session.quiet = true;
  session.prepare = [function, args](Engine& engine) { engine.call_library("lab", function, args); };
  session.prepare_again = true;
  return run_session(session);
}

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  app.footer(
      "Usage: syslab lab [list]                          the course map\n"
      "       syslab lab NAME                            open a lab\n"
      "       syslab lab start NAME FILE                 begin a file to hand in\n"
      "       syslab lab check NAME [FILE]               run a lab by itself, or see how far a file is\n"
      "       syslab lab watch NAME FILE                 check it again after each save\n"
      "       syslab lab replay NAME FILE PART SEED      go back to the moment before a failure\n"
      "       syslab lab solution NAME                   the reference solution, once you have passed\n"
      "       syslab lab reset [NAME]                    forget the progress\n"
      "       syslab lab new NAME                        write a lab\n"
      "       syslab lab verify NAME|--all [--seeds N]   prove that a lab works");
  app.allow_extras();  // common options may come before or after the words
  return [&app, &common] {
    const std::vector<std::string> args = app.remaining();
    if (args.size() == 1 && at_terminal() && is_lab(args[0])) return open_prompt(common, "open", args);
    if (args.size() == 5 && at_terminal() && args[0] == "replay" && is_lab(args[1])) {
      return open_prompt(common, "replay", {args.begin() + 1, args.end()});
    }
    return run_library_command(common, "lab", args);
  };
}

const Subcommand lab{"lab", "Do a guided lab", &setup};

}  // namespace
}  // namespace syslab::program
