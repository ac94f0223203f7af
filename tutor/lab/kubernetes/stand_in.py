"""What a node gets so that `kubectl` works there: a kubeconfig, and a stand-in where the host has no `kubectl`.

Texts. Does not know where they are put.
"""

from __future__ import annotations

KUBECONFIG = "/root/.kube/config"
"""Where kubectl looks for it."""


def kubeconfig(port: int = 8080) -> str:
    """The configuration of kubectl on a node."""
    return f"""\
apiVersion: v1
kind: Config
clusters:
- name: aks
  cluster:
    server: http://127.0.0.1:{port}
contexts:
- name: aks
  context:
    cluster: aks
    user: clusterUser
current-context: aks
users:
- name: clusterUser
  user: {{}}
"""


def stand_in(port: int = 8080) -> str:
    """A program, in bash alone, that lists what the cluster has and describes nodes, as `kubectl` would."""
    return _STAND_IN.replace("@PORT@", str(port))


# That is all there is to it: the server lays the text out, this only carries it.
_STAND_IN = r"""#!/bin/bash
# A stand-in for kubectl, which this machine does not have. Lists what the cluster has; can do nothing else.

can='get namespaces|nodes|pods|services|all [NAME] [-n NAMESPACE] [-A] [-o wide], and describe node [NAME]'
echo "kubectl: this is a stand-in that only knows: kubectl $can" >&2

fail() {
    echo "kubectl: $1" >&2
    exit 1
}

encode() {
    local LC_ALL=C text=$1 coded='' char at
    for ((at = 0; at < ${#text}; at++)); do
        char=${text:at:1}
        case $char in
        [a-zA-Z0-9.~_-]) coded+=$char ;;
        *) printf -v char '%%%02X' "'$char" && coded+=$char ;;
        esac
    done
    printf '%s' "$coded"
}

words=() namespace= everywhere=0 wide=0
while (($#)); do
    case $1 in
    -n | --namespace | -o | --output)
        (($# > 1)) || fail "$1 needs a value"
        case $1 in
        -n | --namespace) namespace=$2 ;;
        *) [[ $2 == wide ]] || fail "can't print $2, only: $can"; wide=1 ;;
        esac
        shift
        ;;
    --namespace=*) namespace=${1#*=} ;;
    -n?*) namespace=${1#-n} ;;
    -A | --all-namespaces) everywhere=1 ;;
    -owide | -o=wide | --output=wide) wide=1 ;;
    -*)
        [[ ${words[0]-get} == get || ${words[0]} == describe ]] || fail "can't do ${words[0]}, only: $can"
        fail "can't do $1, only: $can"
        ;;
    *) words+=("$1") ;;
    esac
    shift
done
((${#words[@]})) || fail "needs to be told what to do: $can"
[[ ${words[0]} == get || ${words[0]} == describe ]] || fail "can't do ${words[0]}, only: $can"
((${#words[@]} == 2 || ${#words[@]} == 3)) || fail "needs one kind of thing, and a name at most: $can"
case ${words[0]}/${words[1]} in
describe/no | describe/node | describe/nodes) what=description ;;
describe/*) fail "can't describe ${words[1]}, only: $can" ;;
*) what=table ;;
esac
case ${words[1]} in
ns | namespace | namespaces | no | node | nodes | po | pod | pods | svc | service | services) ;;
all) ((${#words[@]} == 2)) || fail "all is no kind of thing that has names: $can" ;;
*) fail "can't get ${words[1]}, only: $can" ;;
esac

{ exec 3<>/dev/tcp/127.0.0.1/@PORT@; } 2>/dev/null ||
    fail 'The connection to the server 127.0.0.1:@PORT@ was refused - did you specify the right host or port?'
query="word=${words[1]}&namespace=$(encode "$namespace")&name=$(encode "${words[2]-}")"
printf 'GET /tutor/%s?%s&everywhere=%d&wide=%d HTTP/1.0\r\n\r\n' "$what" "$query" "$everywhere" "$wide" >&3

stream=2 status=1
while IFS=$' \r' read -r name value <&3 && [[ $name ]]; do
    case $name in
    Tutor-Stream:) stream=$value ;;
    Tutor-Exit:) status=$value ;;
    esac
done
while IFS= read -r line <&3; do
    printf '%s\n' "$line" >&"$stream"
done
exit "$status"
"""
