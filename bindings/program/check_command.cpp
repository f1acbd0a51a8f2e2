// syslab check MODEL HISTORY: core/check/check_file.hpp does it.
#include <cstdio>

#include "bindings/program/subcommand.hpp"
#include "core/check/check_file.hpp"

namespace syslab::program {
namespace {

std::function<int()> setup(CLI::App& app, const CommonOptions&) {
  struct Given {
    std::string model, history;
    std::uint64_t steps = LinearizableOptions{}.steps_max;
  };
  auto given = std::make_shared<Given>();
  std::string names;
  for (const Model* model : models()) {
    names += "  " + std::string(model->name()) + ": " + std::string(model->summary()) + "\n";
  }
  app.footer("HISTORY is a file of JSON lines, a Jepsen log or EDN; - is standard input.\nModels:\n" + names +
             "Exit codes: 0 ok, 1 violated, 2 no such model or unreadable history, 3 unknown");
  app.add_option("MODEL", given->model, "What the system should behave like")->required();
  app.add_option("HISTORY", given->history, "What was recorded")->required();
  app.add_option("--steps", given->steps, "How long to search each key before the verdict is unknown")
      ->capture_default_str();
  return [given] {
    LinearizableOptions options;
    options.steps_max = given->steps;
    const CheckReport report = check_file(given->model, given->history, options);
    std::fputs(report.text.c_str(), report.exit_code == 2 ? stderr : stdout);
    return report.exit_code;
  };
}

const Subcommand check{"check", "Judge a recorded history", &setup};

}  // namespace
}  // namespace syslab::program
