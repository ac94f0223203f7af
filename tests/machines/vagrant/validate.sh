#!/usr/bin/env bash
# Asks vagrant whether it takes the Vagrantfile, whatever providers there are, and writes nothing into checkout or home.
# Exit status: 0 when it does, 1 when it does not, 2 without vagrant.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
command -v vagrant >/dev/null || {
    echo 'vagrant is not installed; on Debian: sudo apt-get install --no-install-recommends vagrant' >&2
    exit 2
}
place=$(mktemp -d "${TMPDIR:-/tmp}/vagrant.XXXXXX")
trap 'rm -rf "$place"' EXIT
export HOME=$place VAGRANT_HOME=$place/home VAGRANT_DOTFILE_PATH=$place/machines VAGRANT_CHECKPOINT_DISABLE=1
vagrant validate --ignore-provider || exit 1
