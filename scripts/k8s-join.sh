#!/usr/bin/env bash
# k8s-join.sh FROM LOGIN POD...: makes a one-use join token for each of these pods
# and puts it into the Secret `join` under the pod's name, where the pod looks for it.
# FROM is job/bootstrap or pod/control-0; LOGIN a platform administrator's, whose
# password is the first line of standard input. NAMESPACE is preau unless set.
#
#   k8s-join.sh job/bootstrap premiere.administratrice identity-0 roster-0 <password
set -euo pipefail

readonly NAMESPACE="${NAMESPACE:-preau}"
# Pods of a rollout that waits for nodes may come hours later; longer the program does not allow.
readonly MINUTES=1440

fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

[ $# -ge 3 ] || fail "$# arguments: command line: write FROM LOGIN POD..., such as job/bootstrap LOGIN gateway-0"
readonly FROM=$1 LOGIN=$2
shift 2
for pod in "$@"; do
  [[ $pod =~ ^[a-z]+-[0-9]+$ ]] || fail "$pod: not a pod of a role: write ROLE-NUMBER, such as gateway-0"
done
IFS= read -r password || [ -n "$password" ] ||
  fail "no password: standard input: write the password of $LOGIN there as its first line"

token() {
  # Neither the password nor the token is ever an argument: those can be read by anybody on the machine.
  printf '%s\n' "$password" | kubectl --namespace "$NAMESPACE" exec --stdin "$FROM" --container preau -- \
    /usr/local/bin/preau admin join-token --roles "${1%-*}" --minutes "$MINUTES" --login "$LOGIN" --password-file /dev/stdin
}

entries=
for pod in "$@"; do
  made=$(token "$pod") || fail "no join token for $pod: $FROM: see the line above"
  [[ $made =~ ^preau-join:[0-9A-Za-z_=-]+:[0-9a-f]+$ ]] ||
    fail "no join token for $pod: $FROM: it answered something else: check that its image is the one of this version"
  entries+="${entries:+,}\"$pod\":\"$made\""
done

kubectl --namespace "$NAMESPACE" get secret join --output name >/dev/null 2>&1 ||
  kubectl --namespace "$NAMESPACE" create secret generic join >/dev/null
# Merged, so that other pods keep theirs.
printf '{"stringData":{%s}}' "$entries" |
  kubectl --namespace "$NAMESPACE" patch secret join --type merge --patch-file /dev/stdin >/dev/null
printf 'join tokens for %s: in the Secret join, good for one start within 24 h\n' "$*"
