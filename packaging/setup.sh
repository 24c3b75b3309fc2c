#!/bin/sh
# Makes .venv with crosscite in it; "setup.sh dev" adds what the tests need. Called by make; it can be run again at any
# time and goes on where it stopped.
#
#   PYTHON           the interpreter to use (default: python3)
#   CROSSCITE_CACHE  where the compiled llama-cpp-python is kept (default: ~/.cache/crosscite), so that the next
#                    clone on this machine does not compile it again
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here/.."
cache=${CROSSCITE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/crosscite}
pip='.venv/bin/python -m pip --disable-pip-version-check --no-input'
building=

say() { printf '%s\n' "$*"; }
fail() { printf 'crosscite: %s\n' "$*" >&2; exit 1; }
trap '[ -z "$building" ] || kill "$building" 2>/dev/null; exit 130' INT TERM HUP

make_environment() {
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null ||
        fail "No $python: install Python 3.10 or newer, or name one: make PYTHON=/path/to/python3"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "$("$python" --version 2>&1) is too old: install Python 3.10 or newer, or name one: make PYTHON=/path/to/python3"
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)"
    # An environment whose Python is gone or changed is of no use.
    .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
}

# run LOG WHAT COMMAND...: run quietly with the output in LOG; if it fails, show its end and say what failed.
run() {
    log=$1 what=$2
    shift 2
    "$@" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        fail "$what failed; the whole output is in $log. When the cause is removed, run the same command again."
    }
}

# The compiled code uses every instruction of the processor it was compiled on, so each kind of processor (and of
# system library) has a folder of its own.
wheel_folder() {
    key=$({
        uname -sm
        cat /etc/os-release 2>/dev/null || sw_vers 2>/dev/null || true
        grep -hv '^#' "$here"/*.cmake
        if [ -r /proc/cpuinfo ]; then
            grep -E '^(model name|flags|Features|CPU part)' /proc/cpuinfo | sort -u
        else
            sysctl -n machdep.cpu.brand_string
        fi
        printf '%s' "${CMAKE_ARGS:-}"
    } | cksum | cut -d ' ' -f 1)
    printf '%s' "$cache/wheels/$1-$key"
}

require_compiler() {
    for compiler in "${CXX:-c++}" g++ clang++; do
        ! command -v "$compiler" >/dev/null || return 0
    done
    fail "No C++ compiler: install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++;" \
        "macOS: xcode-select --install), then run the same command again."
}

build_llama() {
    version=$(sed -n 's/^llama-cpp-python==\([^ ;]*\).*/\1/p' constraints.txt)
    folder=$(wheel_folder "$version")
    wheel=$(ls "$folder"/llama_cpp_python-"$version"-*.whl 2>/dev/null | head -n 1)
    [ -z "$wheel" ] || { say "llama-cpp-python $version: compiled before on this machine ($folder)"; return; }
    require_compiler
    mkdir -p "$folder"
    log=$folder/build.log
    say "Compiling llama-cpp-python $version for this processor: 2 to 6 minutes, once per machine. Output: $log"
    # pip's own cache does not know about processors: a wheel in it may not run here, and ours may not run elsewhere.
    CMAKE_ARGS="-DLLAVA_BUILD=OFF '-DCMAKE_PROJECT_llama.cpp_INCLUDE=$here/llama.cmake' ${CMAKE_ARGS:-}" \
        $pip wheel -v --no-deps --no-cache-dir --wheel-dir "$folder/unfinished" "llama-cpp-python==$version" \
        >"$log" 2>&1 &
    building=$!
    show_compiling "$building" "$log"
    wait "$building" || {
        tail -n 15 "$log" >&2
        fail "Compiling llama-cpp-python failed; the whole output is in $log"
    }
    building=
    mv "$folder"/unfinished/*.whl "$folder/"
    rm -rf "$folder/unfinished"
    wheel=$(ls "$folder"/llama_cpp_python-"$version"-*.whl)
}

# Ninja prints "[35/82] ..." before each step: a line that counts up on a terminal, one every 30 s elsewhere.
show_compiling() {
    seconds=0
    while kill -0 "$1" 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        step=$(tail -c 20000 "$2" | grep -o '\[[0-9]*/[0-9]*\]' | tail -n 1)
        if [ -t 1 ]; then
            printf '\r  step %s, %d s ' "${step:-[preparing]}" "$seconds"
        elif [ $((seconds % 30)) -eq 0 ]; then
            say "  step ${step:-[preparing]}, $seconds s"
        fi
    done
    [ ! -t 1 ] || printf '\n'
}

install_packages() {
    say 'Installing PyTorch and the other packages: about a minute'
    # PyTorch alone first: where there is none for this Python or system, that is the error to see.
    run .venv/install.log 'Installing PyTorch' $pip install --no-compile --constraint constraints.txt torch
    run .venv/install.log 'Installing crosscite' \
        $pip install --no-compile --constraint constraints.txt "$wheel" --editable .
    # pip would do this on one core. Some packages carry files for other Pythons, which do not compile and need not.
    .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
}

install_test_tools() {
    say 'Installing what the tests need'
    run .venv/install.log 'Installing what the tests need' \
        $pip install --constraint constraints.txt --editable '.[dev]'
}

if [ "${1:-}" = dev ]; then
    install_test_tools
else
    make_environment
    build_llama
    install_packages
fi
