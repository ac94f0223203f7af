#!/usr/bin/env bash
# Sets a machine up for the course: `vagrant up` runs it in there, as the user whom `vagrant ssh` logs in as. So does
# Lima, and whoever wants the same on another machine may, too.
#
#     provision.sh [CHECKOUT]
#
# Installs what `make setup` installs, puts `tutor` into everybody's PATH, and ends with a lab that has been started.
set -euo pipefail
checkout=${1:-/vagrant}
wheels=/usr/local/share/tutor/wheels # in a box of our own: all that pip would fetch

# A bare box may lack what make setup itself runs with; the rest is found out and installed by it.
missing=()
for program in make python3; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || {
        echo "provision.sh: install ${missing[*]} with this system's package manager first" >&2
        exit 1
    }
    sudo apt-get -qq update
    sudo DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "${missing[@]}" >/dev/null
fi

cd "$checkout"
if [ ! -d "$wheels" ]; then
    make setup </dev/null
elif ! PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheels make setup </dev/null; then
    echo "what the course needs has changed since this box was made: asking the index of Python's packages" >&2
    make setup </dev/null
fi
sudo ln -sfn "$checkout/.venv/bin/tutor" /usr/local/bin/tutor
if [ -n "${TUTOR_PATIENCE-}" ]; then # a slow machine is slow in every session, also in those of `vagrant ssh -c`
    others=$(grep -v '^TUTOR_PATIENCE=' /etc/environment 2>/dev/null || true)
    printf '%s\nTUTOR_PATIENCE=%s\n' "$others" "$TUTOR_PATIENCE" | sudo tee /etc/environment >/dev/null
fi

tutor doctor
tutor shell initial-state -- true
echo 'The lab is ready: vagrant ssh, then tutor start'
