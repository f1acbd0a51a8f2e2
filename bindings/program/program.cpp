#include "bindings/program/program.hpp"

#include <fmt/format.h>
#include <luajit.h>
#include <sys/resource.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <exception>

#include "bindings/program/exit_code.hpp"
#include "bindings/program/prompt.hpp"
#include "bindings/program/session.hpp"
#include "bindings/program/subcommand.hpp"
#include "core/base/nearest.hpp"

#ifndef SYSLAB_COMMIT
#define SYSLAB_COMMIT ""
#endif

namespace syslab::program {
namespace {

// Lua's parser and string.gsub recurse on the C stack, to a depth that LuaJIT bounds; 8 MiB is less than that needs
// in a build with sanitizers.
void deepen_stack() {
  constexpr rlim_t kStackBytes = rlim_t{100} << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) != 0 ||
      (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur >= kStackBytes))
    return;
  if (limit.rlim_cur == RLIM_INFINITY) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > kStackBytes ? kStackBytes : limit.rlim_max;
  setrlimit(RLIMIT_STACK, &limit);
}

std::string version_text() {
  const std::string commit = SYSLAB_COMMIT;
  return fmt::format("syslab {}{}\n{}\nfmt {}.{}.{}\nreadline {}", SYSLAB_VERSION,
                     commit.empty() ? "" : fmt::format(" ({})", commit), LUAJIT_VERSION, FMT_VERSION / 10000,
                     FMT_VERSION / 100 % 100, FMT_VERSION % 100, readline_version());
}

void add_common_options(CLI::App& app, CommonOptions& common) {
  app.add_option("--seed", common.seed, "The seed of everything random (default 1)");
  app.add_option("--color", common.color, "Colours: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_option("-l", common.modules, "Require a module as a global; may be repeated")
      ->type_name("MODULE")
      ->allow_extra_args(false);
  app.add_flag("-i", common.stay, "Stay at the prompt afterwards");
  app.add_flag("-q", common.quiet, "No banner");
  app.add_flag("--no-init", common.no_init, "Do not run init.lua");
  app.add_flag("--jit", common.jit, "Compile hot loops; only for scripts that compute much");
}

// The prompt on standard input: a session at a terminal, else the same line by line without decoration.
int run_prompt(const CommonOptions& common) {
  if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) {
    SessionOptions session;
    session.engine = common.engine(true);
    session.quiet = common.quiet;
    return run_session(session);
  }
  return run_script(common, [](Engine& engine) {
    const std::unique_ptr<LineSource> source = make_plain_source(false);
    History history("");
    switch (Prompt(*source, engine, history).run()) {
      case exit_code::kOk:
        return Evaluator::Status::ok;
      case exit_code::kInterrupted:
        return Evaluator::Status::interrupted;
      default:
        return Evaluator::Status::error;
    }
  });
}

int run_lines(const CommonOptions& common, const std::vector<std::string>& lines) {
  return run_script(common, [&](Engine& engine) {
    for (const std::string& line : lines) {
      const Evaluator::Status status = engine.run_line(line);
      if (status != Evaluator::Status::ok) return status;
    }
    return Evaluator::Status::ok;
  });
}

bool is_subcommand(const std::string& word) {
  for (const Subcommand* command : subcommands()) {
    if (command->name == word) return true;
  }
  return false;
}

// `syslab FILE args` is `syslab run FILE args`, so that a script may begin with #!/usr/bin/env syslab. Options before
// the file are ours; those that take a value are skipped with it.
std::vector<std::string> with_run(std::vector<std::string> args) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg == "-e") return args;
    if (arg == "--seed" || arg == "--color" || arg == "-l") {
      ++i;
    } else if (arg == "-" || arg.empty() || arg[0] != '-') {
      const bool file = arg == "-" || arg.find('/') != std::string::npos || arg.ends_with(".lua");
      if (!is_subcommand(arg) && file) args.insert(args.begin() + static_cast<std::ptrdiff_t>(i), "run");
      return args;
    }
  }
  return args;
}

int parse_and_run(int argc, char** argv) {
  CommonOptions common;
  std::vector<std::string> lines;
  CLI::App app{"A scriptable systems lab. Without a command: the prompt.", "syslab"};
  app.set_version_flag("--version", version_text());
  app.require_subcommand(0, 1);
  app.fallthrough(false);
  add_common_options(app, common);
  app.add_option("-e", lines, "Run one line and print what it returns; may be repeated")
      ->type_name("CODE")
      ->allow_extra_args(false);
  std::vector<std::pair<CLI::App*, std::function<int()>>> runners;
  for (const Subcommand* command : subcommands()) {
    CLI::App* sub = app.add_subcommand(command->name, command->summary);
    add_common_options(*sub, common);
    runners.emplace_back(sub, command->setup(*sub, common));
  }
  std::vector<std::string> args = with_run({argv + 1, argv + argc});
  std::reverse(args.begin(), args.end());  // CLI11 wants a vector's arguments last to first
  try {
    app.parse(args);
    for (const auto& [sub, runner] : runners) {
      if (sub->parsed()) return runner();
    }
    if (!lines.empty()) return run_lines(common, lines);
    return run_prompt(common);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ExtrasError& error) {
    std::vector<std::string> names;
    for (const Subcommand* command : subcommands()) names.push_back(command->name);
    for (const std::string& word : app.remaining(true)) {
      const bool option = word.starts_with('-');
      fmt::print(stderr, "syslab: there is no {} '{}'{}\n", option ? "option" : "command", word,
                 option ? "" : did_you_mean(word, names));
      break;
    }
    if (app.remaining(true).empty()) fmt::print(stderr, "syslab: {}\n", error.what());
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "syslab: {}\n", error.what());
  }
  fmt::print(stderr, "syslab --help lists commands and options\n");
  return exit_code::kUsage;
}

}  // namespace

int program_main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");       // what the terminal understands; numbers stay as in C
  std::signal(SIGPIPE, SIG_DFL);      // `syslab ... | head` ends quietly
  deepen_stack();
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "syslab: {}\n", error.what());
    return exit_code::kInternal;
  }
}

}  // namespace syslab::program
