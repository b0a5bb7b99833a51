#!/usr/bin/env bash
# ui.sh build|check|test: builds the web interface into its dist/, where the
# gateway takes it from; checks its types; or runs its tests, which need a build.
# A build from the same sources is not made again, so that cargo, which looks at
# the times of the files, does not compile the gateway again either.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly UI=services/gateway/ui
readonly CONTRACT=proto/src/gen/descriptor_set.bin
readonly STAMP=target/ui.built

say() { printf 'ui: %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Contents of what goes in and of what came out: a dist/ that anything else wrote counts as none.
state() {
  {
    find "$UI" \( -path "$UI/node_modules" -o -path "$UI/dist" -o -path "$UI/src/gen" -o -path "$UI/tests" \
      -o -path "$UI/shots" \) -prune -o -type f -print0
    printf '%s\0' "$CONTRACT"
    if [ -d "$UI/dist" ]; then find "$UI/dist" -type f -print0; fi
  } | sort -z | xargs -0 sha256sum | sha256sum
}

build() {
  [ -f "$STAMP" ] && [ "$(state)" = "$(<"$STAMP")" ] && return
  say "building $UI/dist"
  (cd "$UI" && npm run --silent build)
  mkdir -p "$(dirname "$STAMP")"
  state >"$STAMP"
}

[ -d "$UI/node_modules" ] || fail "$UI/node_modules: missing: run 'make deps'"
case "${1:-}" in
  build) build ;;
  check) (cd "$UI" && npm run --silent check) ;;
  test)
    build
    cd "$UI"
    npm test --silent
    npm run --silent size
    # Not test:pages, which builds again.
    npm exec --offline --no -- vitest run --config vitest.pages.ts
    ;;
  *) fail "${1:-no argument}: unknown: use ui.sh build, check or test" ;;
esac
