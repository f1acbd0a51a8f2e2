// syslab run FILE [args] | -
#include <unistd.h>

#include <iterator>

#include "bindings/program/subcommand.hpp"

namespace syslab::program {
namespace {

Expected<std::string> read_standard_input() {
  std::string text;
  char block[65536];
  while (true) {
    const ssize_t got = read(STDIN_FILENO, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return make_error("io_error", "cannot read standard input");
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
  }
}

Evaluator::Status run_one(Engine& engine, const std::string& file, const std::vector<std::string>& args) {
  if (file != "-") return engine.run_file(file, args);
  const Expected<std::string> text = read_standard_input();
  if (text) return engine.run_script(*text, "=stdin", args);
  std::fprintf(stderr, "syslab: %s\n", text.error().message.c_str());
  return Evaluator::Status::error;
}

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  app.footer(
      "Usage: syslab run [OPTIONS] FILE [ARGS...]\n  FILE may be - for standard input; ARGS are in the table "
      "arg "
      "and in ... ");
  app.prefix_command();  // what follows FILE is the script's, options too
  return [&app, &common] {
    std::vector<std::string> args = app.remaining();
    if (args.empty()) throw CLI::RequiredError("FILE");
    const std::string file = args.front();
    if (file.size() > 1 && file[0] == '-') throw CLI::ExtrasError({file});
    args.erase(args.begin());
    return run_script(common, [&](Engine& engine) { return run_one(engine, file, args); });
  };
}

const Subcommand run{"run", "Run a script", &setup};

}  // namespace
}  // namespace syslab::program
