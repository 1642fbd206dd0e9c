# What the tools start with: where things lie, how they speak, what they need. Sourced, not run.
#
# Nothing here writes outside the repository's .build and the XDG directories, apt's own work apart.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [[ -z "${HOME:-}" && ( -z "${XDG_DATA_HOME:-}" || -z "${XDG_CACHE_HOME:-}" ) ]]; then
  printf 'error: HOME is not set, expected a home directory or XDG_DATA_HOME and XDG_CACHE_HOME\n\n' >&2
  printf 'hint: nothing was done; `export HOME=/some/directory` and run it again\n' >&2
  exit 78
fi
data="${XDG_DATA_HOME:-${HOME:-}/.local/share}/moe-pack"
cache="${XDG_CACHE_HOME:-${HOME:-}/.cache}/moe-pack"

# The packages of Debian and Ubuntu that building, testing and the quickstart need.
system_packages=(
  libopenblas-dev libarchive-dev libsqlite3-dev wordnet-base python3 python3-pip unzip ca-certificates
)
# Keeps SwiftPM's own state in the repository: its default is the home directory.
swiftpm=(--config-path "$root/.build/swiftpm/configuration" --security-path "$root/.build/swiftpm/security")

# fail CODE MESSAGE HINT: says what happened and what to do now, and ends with that status.
fail() {
  printf 'error: %s\n\nhint: %s\n' "$2" "$3" >&2
  exit "$1"
}

# say TEXT: one line about what happens next.
say() { printf '%s\n' "$*"; }

# step NAME COMMAND…: runs a step, and says its name before and its seconds after.
step() {
  local name="$1" start=$SECONDS
  shift
  printf '== %s\n' "$name"
  "$@"
  printf '== %s: done in %d s\n\n' "$name" "$((SECONDS - start))"
}

# install_missing [PACKAGE…]: brings these system packages, or all, as far as they are not there; nothing else.
install_missing() {
  local missing=() package wanted=("$@")
  ((${#wanted[@]})) || wanted=("${system_packages[@]}")
  if ! command -v dpkg-query >/dev/null; then
    say "this system has no dpkg: expecting ${wanted[*]} or their like to be there"
    return
  fi
  for package in "${wanted[@]}"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || missing+=("$package")
  done
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  if ((${#missing[@]} == 0)); then
    say "system packages: all ${#wanted[@]} are there"
    return
  fi
  local sudo=()
  if (($(id -u) != 0)); then
    command -v sudo >/dev/null || fail 78 \
      "system packages are missing (${missing[*]}), and neither root nor sudo is at hand to install them" \
      "nothing was done; ask an administrator for \`apt-get install ${missing[*]}\`"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  local log="$root/.build/apt.log"
  mkdir -p "$root/.build"
  if ! { "${sudo[@]}" apt-get update -qq &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail 1 "apt-get could not install ${missing[*]}" \
      "see .build/apt.log; install them by hand and run this again"
  fi
}

# need_swift: ends with a sentence when there is no Swift toolchain.
need_swift() {
  command -v swift >/dev/null || fail 78 \
    "there is no \`swift\` on the path, expected a Swift toolchain of version 6.2 or later" \
    "install one from https://www.swift.org/install and run this again"
}

# swift_build ARGUMENT…: builds for release; what the compiler says is shown when it fails.
swift_build() {
  need_swift
  (cd "$root" && swift build -c release "${swiftpm[@]}" "$@")
}

# moe_pack ARGUMENT…: runs moe-pack, the one that MOEPACK names or else the one that was built here.
moe_pack() { "${MOEPACK:-$root/.build/release/moe-pack}" "$@"; }

# backbone_directory: where the default backbone is registered; nothing when it is not.
backbone_directory() {
  local directory
  for directory in "$data"/backbones/*/; do
    if [[ -f "$directory/model.safetensors" && -f "$directory/tokenizer.json" ]]; then
      printf '%s\n' "${directory%/}"
      return
    fi
  done
}
