// syslab check MODEL HISTORY: lua/check.lua does it.
#include "bindings/program/subcommand.hpp"

namespace syslab::program {
namespace {

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  auto args = std::make_shared<std::vector<std::string>>();
  app.footer("Usage: syslab check MODEL HISTORY\n  MODEL is register or another that lab.check knows; HISTORY a file of "
            "JSON lines or a Jepsen log");
  app.add_option("arguments", *args, "MODEL HISTORY")->required()->expected(2, 64);
  return [args, &common] { return run_library_command(common, "check", *args); };
}

const Subcommand check{"check", "Judge a recorded history", &setup};

}  // namespace
}  // namespace syslab::program
