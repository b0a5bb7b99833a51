#!/usr/bin/env bash
# deps.sh ui|run|test|bench: installs what building the web interface needs (its
# packages; Node comes from you), what `make run` needs (a C compiler as well,
# beyond make and Rust), what testing needs too, or what one benchmark needs
# beyond that. Safe to repeat; quick when everything is there. As root it
# installs Debian packages itself, otherwise it prints the command to type.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly MIN_NODE=20.19
readonly MIN_RUST=1.95
readonly MIN_CARGO_DENY=0.18
readonly CARGO_DENY=0.20.2

say() { printf 'deps: %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# True if version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }

check_rust() {
  have cargo || fail "cargo: not found: install Rust $MIN_RUST or newer with rustup"
  local rust
  rust=$(rustc --version | cut -d' ' -f2)
  at_least "$rust" "$MIN_RUST" || fail "rustc $rust: too old: run 'rustup update stable' for $MIN_RUST or newer"
}

check_node() {
  have node || fail "node: not found: install Node $MIN_NODE or newer"
  have npm || fail "npm: not found: install the npm that comes with Node $MIN_NODE or newer"
  local node
  node=$(node --version | tr -d v)
  at_least "$node" "$MIN_NODE" || fail "node $node: too old: install Node $MIN_NODE or newer"
}

postgres_found() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
# Without any font a browser has no text to lay out.
fonts_found() { have fc-list && [ -n "$(fc-list :lang=fr family)" ]; }
venv_found() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

# What is missing for "$1".
debian_packages() {
  local missing=()
  have cc && have c++ || missing+=(build-essential)
  if [ "$1" = test ]; then
    postgres_found || missing+=(postgresql)
    venv_found || missing+=(python3 python3-venv)
    have runuser || missing+=(util-linux)
    have chromium || missing+=(chromium)
    fonts_found || missing+=(fontconfig fonts-dejavu-core)
  fi
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
    fail "missing: ${missing[*]}: run 'sudo apt-get install ${missing[*]}', then try again"
  fi
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # The tests start servers of their own; the packaged one need not run.
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Installs only when the list differs from the one that was installed last.
python_packages() {
  local list=tests/interop/python/requirements.txt venv=target/interop/venv
  cmp -s "$list" "$venv/installed.txt" && return
  say "python packages into $venv"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --no-deps --requirement "$list"
  cp "$list" "$venv/installed.txt"
}

node_packages() {
  local from=tests/interop/node into=target/interop/node
  cmp -s "$from/package-lock.json" "$into/installed.json" && return
  say "node packages into $into"
  mkdir -p "$into"
  cp "$from/package.json" "$from/package-lock.json" "$into/"
  npm ci --prefix "$into" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
  cp "$from/package-lock.json" "$into/installed.json"
}

# Beside their package.json, where the tools of each look for them.
npm_packages() {
  local lock="$1/package-lock.json" installed="$1/node_modules/.installed.json"
  cmp -s "$lock" "$installed" && return
  say "node packages into $1/node_modules"
  npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
  cp "$lock" "$installed"
}

cargo_packages() {
  # cargo-deny looks at every platform's crates and is run offline.
  cargo fetch --locked --offline --quiet 2>/dev/null || cargo fetch --locked --quiet
  local found
  found=$(cargo deny --version 2>/dev/null | cut -d' ' -f2 || true)
  if [ -z "$found" ] || ! at_least "$found" "$MIN_CARGO_DENY"; then
    say "building cargo-deny $CARGO_DENY (some minutes, once)"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --version "$CARGO_DENY" --locked --profile dev \
      --target-dir target/tools --quiet
    rm -rf target/tools
  fi
}

# Cargo marks the target directory for backup programs only when it makes it itself.
target_directory() {
  [ -e target/CACHEDIR.TAG ] && return
  mkdir -p target
  printf 'Signature: 8a477f597d28d172789f06886806bc55\n# A cache: see https://bford.info/cachedir/\n' >target/CACHEDIR.TAG
}

case "${1:-}" in
  ui)
    check_node
    npm_packages services/gateway/ui
    ;;
  run)
    check_rust
    check_node
    debian_packages run
    target_directory
    npm_packages services/gateway/ui
    ;;
  test)
    check_rust
    check_node
    debian_packages test
    target_directory
    python_packages
    node_packages
    npm_packages services/gateway/ui
    npm_packages tests/browser
    cargo_packages
    ;;
  bench)
    check_node
    npm_packages benches/browser/node
    ;;
  *) fail "${1:-no argument}: unknown: use deps.sh ui, run, test or bench" ;;
esac
