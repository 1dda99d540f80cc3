# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # names shared with the scripts that source this file and common.sh
# Installs what building Ramet needs: Debian or Ubuntu packages, and a Python environment in .venv whose pyarrow
# wheel brings Arrow C++. What is already there is left alone, so that a second run needs no network.
# To be sourced after common.sh. SKIP_INSTALL=1 leaves the machine as it is.

# The command and the library.
packages_build=(g++ cmake ninja-build ccache libtbb-dev libhwy-dev libspdlog-dev libfmt-dev libflatbuffers-dev
  flatbuffers-compiler libcli11-dev nlohmann-json3-dev libxxhash-dev)
# Tests and kernel benchmarks.
packages_test=(libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev)
# The emulated CUDA device (presets emulation and asan).
packages_emulation=(libboost-context-dev)
# Formatting and lint. Versions differ in what they make of the same file, so that one is named.
packages_lint=(clang-format-14 clang-tidy-14 shellcheck)

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    die "installing packages needs root or sudo; or install them yourself and set SKIP_INSTALL=1: $*"
  fi
}

# install_packages <package>...: those that are missing, by apt.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  command -v apt-get >/dev/null || die "no apt-get here; install by hand and set SKIP_INSTALL=1: ${missing[*]}"
  echo "installing ${missing[*]}"
  if [ -z "${apt_updated:-}" ]; then
    as_root apt-get update -qq
    apt_updated=1
  fi
  as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# make_venv: a Python with pyarrow at .venv/bin/python.
make_venv() {
  local python=$venv_python
  if "$python" -c 'import pyarrow' 2>/dev/null; then return; fi
  if ! "$python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$root/.venv"
    if ! python3 -m venv "$root/.venv" >/dev/null 2>&1; then
      rm -rf "$root/.venv"
      install_packages python3 python3-venv
      /usr/bin/python3 -m venv "$root/.venv"
    fi
  fi
  echo "installing pyarrow into .venv"
  "$python" -m pip install --quiet --disable-pip-version-check 'pyarrow>=15'
}

# install_dependencies [build] [test] [emulation] [lint]: the groups asked for, and Arrow C++ unless RAMET_PYTHON brings it.
install_dependencies() {
  if [ "${SKIP_INSTALL:-0}" = 1 ]; then return; fi
  local group packages=()
  for group in "$@"; do
    local -n list="packages_$group"
    packages+=("${list[@]}")
  done
  install_packages "${packages[@]}"
  if [ -z "${RAMET_PYTHON:-}" ]; then make_venv; fi
}
