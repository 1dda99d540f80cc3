# shellcheck shell=bash
# Shared by the scripts: where the repository is, progress lines, configuring. To be sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034  # used by the scripts that source this file
jobs=${JOBS:-$(nproc)}

# step <what>: announces the next part of the work.
step() {
  printf '\n==> %s  [%02d:%02d]\n' "$*" $((SECONDS / 60)) $((SECONDS % 60))
}

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The Python whose pyarrow wheel gives Arrow C++, where the system has no Arrow.
venv_python="$root/.venv/bin/python"

# python_option: -DRAMET_PYTHON=..., or nothing where CMake shall look for itself. Always given where there is a
# choice, as a build folder that was configured before the environment existed remembers another Python.
python_option() {
  local python=${RAMET_PYTHON:-$venv_python}
  if [ -x "$python" ]; then printf '%s' "-DRAMET_PYTHON=$python"; fi
}

# configure <preset> [option]...: quiet unless it fails.
configure() {
  local option
  option=$(python_option)
  cmake --preset "$1" ${option:+"$option"} "${@:2}" >/dev/null
}
