// The guided labs that are there: folders with a lab.lua below labs/.
#pragma once

#include <string>
#include <vector>

namespace syslab::program {

// Their names, which are their paths ("quickstart", "cache/fifo"), sorted.
std::vector<std::string> lab_names();

}  // namespace syslab::program
