// Recorded data that some machines have beside the project, and most do not.
#pragma once

#include <string>

namespace syslab::test {

// The path of such a file, "traces/NAME" or "histories/NAME". Where it is not there: says so in the running test, and
// returns nothing.
std::string recorded(const std::string& name);

}  // namespace syslab::test
