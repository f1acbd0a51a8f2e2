// The entry of the program `syslab`, apart from main() so that tests can link it.
#pragma once

namespace syslab::program {

// Runs the program and returns its exit code: 0 ok; 1 script error or failed check; 2 usage; 3 unknown or timeout;
// 4 sandbox killed; 70 internal; 130 interrupted.
int program_main(int argc, char** argv);

}  // namespace syslab::program
