# Shared by the scripts of this folder: where the repository is, progress lines, timings. To be sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
jobs=${JOBS:-$(nproc)}

# step <what>: announces the next part of the work.
step() {
  printf '\n==> %s  [%02d:%02d]\n' "$*" $((SECONDS / 60)) $((SECONDS % 60))
}

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
