// syslab check NAME HISTORY: core/check/check_file.hpp does it.
#include <cstdio>

#include "bindings/program/subcommand.hpp"
#include "core/check/check_file.hpp"

namespace syslab::program {
namespace {

std::function<int()> setup(CLI::App& app, const CommonOptions&) {
  struct Given {
    std::string name, history;
    std::uint64_t steps = LinearizableOptions{}.steps_max;
    std::uint64_t memory_mib = LinearizableOptions{}.memory_bytes_max >> 20;
    unsigned threads = 0;
    std::string level = "serializable";
    std::optional<double> total;
  };
  auto given = std::make_shared<Given>();
  const auto line = [](std::string_view name, std::string_view summary) {
    return "  " + std::string(name) + ": " + std::string(summary) + "\n";
  };
  std::string footer =
      "HISTORY is a file of JSON lines, a Jepsen log or EDN; - is standard input.\n"
      "Models, of which the history should be linearizable:\n";
  for (const Model* model : models()) footer += line(model->name(), model->summary());
  footer += "Other checkers:\n";
  for (const Judge& judge : judges()) footer += line(judge.name, judge.summary);
  app.footer(footer + "Exit codes: 0 ok, 1 violated, 2 no such model or unreadable history, 3 unknown");
  app.add_option("MODEL", given->name, "What the system should behave like")->required();
  app.add_option("HISTORY", given->history, "What was recorded")->required();
  app.add_option("--steps", given->steps, "How long to search each key before the verdict is unknown")
      ->capture_default_str();
  app.add_option("--memory", given->memory_mib, "MiB that the search of a key may take before it is unknown")
      ->capture_default_str();
  app.add_option("--threads", given->threads,
                 "How many keys to search at once; 0: as many as the machine runs")
      ->capture_default_str();
  app.add_option("--level", given->level, "The isolation level that transactions should keep")
      ->capture_default_str();
  app.add_option("--total", given->total, "What a bank's balances add up to; else what the first read says");
  return [given] {
    CheckOptions options;
    options.level = given->level;
    options.total = given->total;
    options.search.steps_max = given->steps;
    options.search.memory_bytes_max =
        static_cast<std::size_t>(std::min<std::uint64_t>(given->memory_mib, 1u << 20)) << 20;
    options.search.threads = given->threads;
    const CheckReport report = check_file(given->name, given->history, options);
    std::fputs(report.text.c_str(), report.exit_code == 2 ? stderr : stdout);
    return report.exit_code;
  };
}

const Subcommand check{"check", "Judge a recorded history", &setup};

}  // namespace
}  // namespace syslab::program
