// syslab lab [list | NAME | check NAME | reset NAME ...]: lua/lab.lua does it.
#include <unistd.h>

#include "bindings/program/session.hpp"
#include "bindings/program/subcommand.hpp"

namespace syslab::program {
namespace {

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  app.footer("Usage: syslab lab [list | NAME | check NAME | reset [NAME]]");
  app.prefix_command();
  return [&app, &common] {
    const std::vector<std::string> args = app.remaining();
    return run_library_command(common, "lab", args);
  };
}

const Subcommand lab{"lab", "Do a guided lab", &setup};

}  // namespace
}  // namespace syslab::program
