// syslab help [NAME]
#include "bindings/program/subcommand.hpp"

namespace syslab::program {
namespace {

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  auto name = std::make_shared<std::string>();
  app.add_option("name", *name, "A component, a type, a method, or a topic");
  return [name, &common] { return run_library_command(common, "help", {*name}); };
}

const Subcommand help{"help", "Explain a component, a type or a topic", &setup};

}  // namespace
}  // namespace syslab::program
