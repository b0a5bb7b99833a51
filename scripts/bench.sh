#!/usr/bin/env bash
# bench.sh NAME ALL...: runs one benchmark, or all of them when NAME is "all".
# Each prints a table and writes target/bench/<name>.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

name=$1
shift
if [ "$name" = all ]; then
  names=("$@")
elif [[ " $* " == *" $name "* ]]; then
  names=("$name")
else
  printf "error: benchmark '%s': unknown: use NAME=<one of: %s>, or none for all\n" "$name" "$*" >&2
  exit 2
fi

mkdir -p target/bench
for name in "${names[@]}"; do
  case "$name" in
    start | browser-upload | roster | lesson | fleet-connections)
      # These start the binary, which holds the web interface.
      scripts/ui.sh build
      cargo build --release --locked --package preau
      ;;
  esac
  if [ "$name" = browser-upload ]; then
    scripts/deps.sh bench
  fi
  cargo bench --locked --bench "$name"
done
