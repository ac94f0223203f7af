# Sourced: what is the same for every engine. `engine` is the command, with the options that all of its calls take;
# `place` a folder of our own; `lessons` the lessons to solve, none for all.
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
checkout=$(realpath "$here/../../..")
python=$checkout/.venv/bin/python

can_not() {
    echo "container: $1" >&2
    exit 2
}

# The image `tutor` by the Containerfile, without a network. What it starts from is made from packages, or named by BASE.
build() {
    local base=${BASE-} version wheels
    if [ -z "$base" ]; then
        local root
        root=$("$here/../root.sh" --suite "$suite")
        base=localhost/tutor-base
        "${engine[@]}" import "$root" "$base" >"$place/said" 2>&1 || failed_to_build
    fi
    version=$("${engine[@]}" run --rm --network none "$base" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    wheels=$(cd "$checkout" && "$python" -m tests.machines.wheels "$version")
    # Both engines can copy files into an image; only podman can mount a folder while it builds one.
    printf 'FROM %s\nCOPY . /wheels\n' "$base" >"$place/Containerfile"
    "${engine[@]}" build --tag localhost/tutor-wheels --file "$place/Containerfile" "$wheels" >"$place/said" 2>&1 || failed_to_build
    "${engine[@]}" build --network none --tag localhost/tutor --build-arg BASE=localhost/tutor-wheels \
        --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/wheels \
        --file "$checkout/Containerfile" "$checkout" >"$place/said" 2>&1 || failed_to_build
}

failed_to_build() {
    cat "$place/said" >&2
    can_not 'the image could not be built; see above'
}

# The option that doctor names in a container without it.
named_by_doctor() {
    "${engine[@]}" run --rm --network none "$@" localhost/tutor doctor --json >"$place/said.json" && return 1
    "$python" - "$place/said.json" <<'PYTHON'
import json, re, sys

for finding in json.load(open(sys.argv[1]))["findings"]:
    if finding["subject"] == "user namespaces" and finding["level"] == "problem":
        told = re.fullmatch(r"start the container with: \w+ run((?: --security-opt [\w=]+)+)", finding["remedy"])
        sys.exit(1) if told is None else print(told[1])
PYTHON
}

try() { # NAME IDS OPTIONS...; IDS is what doctor has to say of the ids of a lab
    local name=$1 ids=$2 named began=$SECONDS
    shift 2
    if ! named=$(named_by_doctor "$@") || [ -z "$named" ]; then
        echo "FAILED $name: without options, doctor named none that is missing:"
        cat "$place/said.json"
        return 1
    fi
    read -ra named <<<"$named"
    if ! "${engine[@]}" run --rm --network none "$@" "${named[@]}" localhost/tutor doctor >"$place/said" 2>&1; then
        echo "FAILED $name: doctor, with ${named[*]}:"
        cat "$place/said"
        return 1
    fi
    if ! grep -q "ids: .*$ids" "$place/said"; then
        echo "FAILED $name: doctor does not say \"$ids\", with ${named[*]}:"
        cat "$place/said"
        return 1
    fi
    if ! "${engine[@]}" run --rm --network none "$@" "${named[@]}" localhost/tutor solve "${lessons[@]}" >"$place/said" 2>&1; then
        echo "FAILED $name: solve, with ${named[*]}:"
        cat "$place/said"
        return 1
    fi
    echo "passed $name with ${named[*]} ($((SECONDS - began)) s): $(tail -n 1 "$place/said")"
}

each_way() { # HOW
    local status=0
    try "$1, learner" 'your range' || status=1
    try "$1, learner without capabilities" 'a single uid' \
        --user 1000 --cap-drop ALL --security-opt no-new-privileges || status=1
    try "$1, root" 'root lends spare ids' --user 0 || status=1
    return "$status"
}
