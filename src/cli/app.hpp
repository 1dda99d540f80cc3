// The whole command line: which subcommands there are, and how their failures reach the shell.
#pragma once

namespace ramet::cli {

// Runs one command. Results go to standard output, everything else to standard error; a failure is one line
// there. Returns 0, 1 if the work failed, 2 if the command line is wrong, 128 + signal if interrupted.
int run(int argc, char** argv) noexcept;

}  // namespace ramet::cli
