#!/bin/sh
# Installs into the checkout what `make run` needs (`run`), or what the tests need as well (`test`). Says what is missing in
# one sentence. Does nothing when what is installed is what the locks say.
set -eu
cd "$(dirname "$0")/../.."
want=${1:-run}

stop() { echo "Nearhop: $1" >&2; exit 1; }

find_python() {
    for name in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    stop "Python 3.11 or newer was not found: install it, or name one with PYTHON=/path/to/python3.12 make run."
}

check_node() {
    command -v node >/dev/null || stop "Node.js was not found: install version 20 or newer, it runs the edge on this machine."
    command -v npm >/dev/null || stop "npm was not found: install it beside Node.js, it fetches the edge's runtime."
    node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
        stop "Node.js $(node --version) is too old: install version 20 or newer, it runs the edge on this machine."
}

# What was installed is noted by the locks' own checksum; the tests' set holds all that a run needs.
sum() { cat "$@" | cksum | tr ' ' '-'; }
installed() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

install_python() {
    run="run $(sum deploy/locks/run.txt pyproject.toml)"
    test="test $(sum deploy/locks/dev.txt pyproject.toml)"
    note=.venv/.installed
    installed $note "$test" && return
    [ "$want" = run ] && installed $note "$run" && return
    python=$(find_python)
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        rm -rf .venv
        "$python" -m venv .venv || stop "$python cannot make a virtual environment: install its venv package (Debian: python3-venv)."
    fi
    lock=deploy/locks/run.txt
    [ "$want" = test ] && lock=deploy/locks/dev.txt
    echo "Installing the Python packages of $lock"
    rm -f $note
    pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip --quiet"
    $pip install --require-hashes -r "$lock" || stop "the Python packages could not be installed: see pip's words above."
    $pip install --no-deps --no-build-isolation -e . || stop "the command nearhop could not be installed: see pip's words above."
    if [ "$want" = test ]; then echo "$test" > $note; else echo "$run" > $note; fi
}

install_node() {
    lock=$(sum package-lock.json)
    note=node_modules/.installed
    installed $note "test $lock" && return
    [ "$want" = run ] && installed $note "run $lock" && return
    omit=--omit=dev
    [ "$want" = test ] && omit=--include=dev
    echo "Installing the packages of package-lock.json"
    npm ci $omit --no-audit --no-fund --loglevel=error || stop "the npm packages could not be installed: see npm's words above."
    echo "$want $lock" > $note
}

install_chromium() {
    for name in "${NEARHOP_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" >/dev/null && return
    done
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        echo "Installing Chromium from the system's packages"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && return
    fi
    echo "Nearhop: without Chromium the browser tests are skipped; install it with: sudo apt-get install chromium" >&2
}

check_node
install_python
install_node
[ "$want" = test ] && install_chromium
exit 0
