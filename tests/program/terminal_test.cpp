#include "bindings/program/terminal.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace syslab::program;

TEST_CASE("terminal: the flag beats the environment, force beats NO_COLOR", "[program][terminal]") {
  CHECK(wants_color(ColorChoice::automatic, true, "xterm", nullptr, nullptr));
  CHECK_FALSE(wants_color(ColorChoice::automatic, false, "xterm", nullptr, nullptr));
  CHECK_FALSE(wants_color(ColorChoice::automatic, true, "dumb", nullptr, nullptr));
  CHECK_FALSE(wants_color(ColorChoice::automatic, true, nullptr, nullptr, nullptr));
  CHECK_FALSE(wants_color(ColorChoice::automatic, true, "xterm", "1", nullptr));
  CHECK(wants_color(ColorChoice::automatic, true, "xterm", "", nullptr));
  CHECK(wants_color(ColorChoice::automatic, false, "dumb", "1", "1"));
  CHECK_FALSE(wants_color(ColorChoice::automatic, false, "xterm", nullptr, "0"));
  CHECK(wants_color(ColorChoice::always, false, "dumb", "1", nullptr));
  CHECK_FALSE(wants_color(ColorChoice::never, true, "xterm", nullptr, "1"));
}

TEST_CASE("terminal: XDG places, whose relative values do not count", "[program][terminal]") {
  const char* names[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"};
  std::string old[3];
  for (int i = 0; i < 3; ++i) old[i] = std::getenv(names[i]) == nullptr ? "" : std::getenv(names[i]);
  setenv("HOME", "/h", 1);
  setenv("XDG_CONFIG_HOME", "/c", 1);
  setenv("XDG_STATE_HOME", "relative", 1);
  CHECK(config_path("init.lua") == "/c/syslab/init.lua");
  CHECK(state_path("history") == "/h/.local/state/syslab/history");
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  CHECK(state_path("history").empty());
  for (int i = 0; i < 3; ++i) setenv(names[i], old[i].c_str(), 1);
}
