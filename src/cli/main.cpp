// The `ramet` command.
#include "app.hpp"

int main(int argc, char** argv) { return ramet::cli::run(argc, argv); }
