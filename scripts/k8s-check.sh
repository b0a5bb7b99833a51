#!/usr/bin/env bash
# k8s-check.sh: renders every kustomization of k8s/, holds each object against the
# schemas of Kubernetes, scans them and the Dockerfile with checkov, and asserts
# what neither knows (k8s/check). Installs its tools into target/k8s, pinned; the
# second time that is done already, and no network is needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The version of Kustomize that kubectl 1.34 has inside.
readonly KUSTOMIZE=v5.7.1
readonly KUBERNETES=1.34
readonly TOOLS=target/k8s
readonly VENV=$TOOLS/venv LIST=k8s/check/requirements.txt RENDERED=$TOOLS/rendered

say() { printf 'k8s: %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Installs only when the list differs from the one that was installed last.
python_tools() {
  cmp -s "$LIST" "$VENV/installed.txt" && return
  python3 -c 'import ensurepip, tomllib, venv' 2>/dev/null ||
    fail "python3: not found, older than 3.11 or without venv: install python3 and python3-venv"
  say "python packages into $VENV (some minutes, once)"
  rm -rf "$VENV"
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$LIST"
  cp "$LIST" "$VENV/installed.txt"
}

kustomize_tool() {
  [ -x "$TOOLS/bin/kustomize-$KUSTOMIZE" ] && return
  have go || fail "go: not found: install Go 1.24 or newer, which builds Kustomize $KUSTOMIZE"
  say "building Kustomize $KUSTOMIZE (some minutes, once)"
  mkdir -p "$TOOLS/bin"
  GOBIN="$PWD/$TOOLS/bin" GOFLAGS="" go install "sigs.k8s.io/kustomize/kustomize/v5@$KUSTOMIZE" 2>"$TOOLS/go.log" ||
    fail "Kustomize: cannot be built: see $TOOLS/go.log"
  mv "$TOOLS/bin/kustomize" "$TOOLS/bin/kustomize-$KUSTOMIZE"
}

# Every folder that can be applied: components and the roles are parts of others.
render() {
  rm -rf "$RENDERED"
  mkdir -p "$RENDERED"
  local file folder
  for file in k8s/base/kustomization.yaml k8s/bootstrap/kustomization.yaml \
    k8s/overlays/*/kustomization.yaml k8s/overlays/*/bootstrap/kustomization.yaml; do
    folder=$(dirname "$file")
    "$TOOLS/bin/kustomize-$KUSTOMIZE" build "$folder" >"$RENDERED/$(tr / - <<<"${folder#k8s/}").yaml" ||
      fail "$folder: does not render: see the line above"
  done
}

schemas() {
  "$VENV/bin/kubernetes-validate" --strict --quiet -k "$KUBERNETES" "$RENDERED"/*.yaml ||
    fail "$RENDERED: not valid for Kubernetes $KUBERNETES: see the lines above"
}

scan() {
  "$VENV/bin/checkov" --skip-download --compact --quiet "$@" >"$TOOLS/checkov.log" 2>&1 || {
    cat "$TOOLS/checkov.log" >&2
    fail "checkov: see the lines above: mend it, or skip it where it is with the reason"
  }
  # It also says nothing of what it did not find or could not read.
  local summary
  summary=$(grep '^Passed checks: [1-9]' "$TOOLS/checkov.log") ||
    fail "checkov: checked nothing: see $TOOLS/checkov.log"
  ! grep -q 'Parsing errors: [1-9]' "$TOOLS/checkov.log" ||
    fail "checkov: cannot read everything: see $TOOLS/checkov.log"
  say "checkov, $2: ${summary,}"
}

invariants() {
  "$VENV/bin/python" -B k8s/check/invariants.py "$RENDERED"/*.yaml
  # By env: the shell itself takes no other value for what is read-only.
  env RENDERED="$PWD/$RENDERED" "$VENV/bin/python" -B -m unittest discover --quiet --start-directory k8s/check
}

python_tools
kustomize_tool
render
schemas
say "$(cat "$RENDERED"/*.yaml | grep -c '^kind:') objects are valid for Kubernetes $KUBERNETES"
scan --framework kubernetes --directory "$RENDERED"
scan --framework dockerfile --file Dockerfile
invariants
