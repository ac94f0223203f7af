#!/usr/bin/env bash
# Runs pytest, and what fails beside other tests once more, alone; fails when that fails too.
#
#     tests/once_more.sh PYTHON -m pytest ARGUMENT...
#
# Terminals, clocks and kernels are full of moments, and a busy machine finds them all. A test that fails only beside
# others shows a race, in itself or in what it tests: it is named at the end, to be looked at, and fails nothing. When
# many fail it is no race, and nothing is tried again.
set -uo pipefail

most=3
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
pytest=("$@" -o "cache_dir=$cache")

"${pytest[@]}"
status=$?
failed=$("$1" -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' \
    "$cache/v/cache/lastfailed" 2>/dev/null)
if [ "$status" != 1 ] || [ -z "$failed" ] || [ "$(wc -l <<<"$failed")" -gt "$most" ]; then
    exit "$status"
fi
echo '== what failed, once more and alone'
"${pytest[@]}" --numprocesses 0 --last-failed --last-failed-no-failures none
status=$?
if [ "$status" = 0 ]; then
    printf '== passed alone, so there is a race in it or in what it tests: %s\n' "$failed"
fi
exit "$status"
