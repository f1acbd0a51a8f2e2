#include "bindings/program/terminal.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace syslab::program {
namespace {

bool is_set(const char* value) { return value != nullptr && *value != '\0'; }

int width_of(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const int value = is_set(columns) ? std::atoi(columns) : 0;
  return value > 0 && value < 10000 ? value : 80;
}

std::string xdg_path(const char* variable, const char* fallback, const std::string& name) {
  const char* base = std::getenv(variable);
  if (is_set(base) && base[0] == '/') return std::string(base) + "/syslab/" + name;
  const char* home = std::getenv("HOME");
  if (!is_set(home)) return "";
  return std::string(home) + "/" + fallback + "/syslab/" + name;
}

}  // namespace

bool wants_color(ColorChoice choice, bool tty, const char* term, const char* no_color, const char* force) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  if (is_set(force) && std::strcmp(force, "0") != 0) return true;
  if (is_set(no_color)) return false;
  return tty && is_set(term) && std::strcmp(term, "dumb") != 0;
}

Terminal inspect_terminal(int fd, ColorChoice choice) {
  Terminal terminal;
  terminal.tty = isatty(fd) == 1;
  const char* force = std::getenv("CLICOLOR_FORCE");
  if (!is_set(force)) force = std::getenv("FORCE_COLOR");
  terminal.color = wants_color(choice, terminal.tty, std::getenv("TERM"), std::getenv("NO_COLOR"), force);
  terminal.unicode = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  terminal.width = width_of(fd);
  return terminal;
}

std::string config_path(const std::string& name) { return xdg_path("XDG_CONFIG_HOME", ".config", name); }

std::string state_path(const std::string& name) { return xdg_path("XDG_STATE_HOME", ".local/state", name); }

}  // namespace syslab::program
