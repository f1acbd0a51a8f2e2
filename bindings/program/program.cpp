#include "bindings/program/program.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

namespace syslab {

int program_main(int argc, char** argv) {
  CLI::App app{"syslab: a scriptable systems lab", "syslab"};
  app.set_version_flag("--version", fmt::format("syslab {}", SYSLAB_VERSION));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return 0;
}

}  // namespace syslab
