// What the standard streams can show: colour, Unicode, width; and the places the XDG rules give our files.
#pragma once

#include <string>

#include "bindings/host/lua_host.hpp"

namespace syslab::program {

enum class ColorChoice { automatic, always, never };

// Looks at one stream (1 or 2). Order of precedence: `choice`, CLICOLOR_FORCE or FORCE_COLOR, NO_COLOR, then whether
// the stream is a terminal whose TERM is not "dumb". Width: the terminal's, else COLUMNS, else 80.
Terminal inspect_terminal(int fd, ColorChoice choice);

// The colour question alone, without a look at the environment: what inspect_terminal() decides.
bool wants_color(ColorChoice choice, bool tty, const char* term, const char* no_color, const char* force);

// $XDG_CONFIG_HOME/syslab/NAME and $XDG_STATE_HOME/syslab/NAME with the usual defaults below $HOME; a relative value
// of the variable is ignored, as the XDG rules want. Empty when there is no home either.
std::string config_path(const std::string& name);
std::string state_path(const std::string& name);

}  // namespace syslab::program
