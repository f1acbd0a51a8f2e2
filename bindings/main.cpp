// The program `syslab`: everything is in bindings/program.
#include "bindings/program/program.hpp"

int main(int argc, char** argv) { return syslab::program::program_main(argc, argv); }
