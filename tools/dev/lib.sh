# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the sourcing script uses them
#
# Sourced by every verb of ./dev: messages, Debian packages, build trees.
#
# What is for people goes to stderr, what is asked for goes to stdout. TOMTE_BUILD
# moves the build trees, TOMTE_VECTORS the published test data.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${TOMTE_BUILD:-$ROOT/build}
mkdir -p "$BUILD/log"
BUILD=$(cd "$BUILD" && pwd)
export TOMTE_BUILD=$BUILD
cd "$ROOT"

if [ -z "${TOMTE_VECTORS:-}" ] && [ -d "$ROOT/../shared/vectors" ]; then
    TOMTE_VECTORS=$(cd "$ROOT/../shared/vectors" && pwd)
    export TOMTE_VECTORS
fi

# Packages by purpose; a verb names only what it needs.
DEBS_BUILD=(gcc libc6-dev cmake ninja-build)
DEBS_FUZZ=(clang libclang-rt-14-dev)
DEBS_CROSS=(gcc-riscv64-unknown-elf gcc-arm-none-eabi)
DEBS_LIBS=(libbearssl-dev libssl-dev libuv1-dev libyaml-dev libraft-dev)
DEBS_WASM=(clang lld)
DEBS_PYTHON=(python3)
DEBS_DIFF=(binaryen wabt nodejs)
DEBS_WASI=(wasi-libc libclang-rt-14-dev-wasm32 rustc libstd-rust-dev-wasm32)

# ---- messages

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' red='' plain=''
fi

say() {
    echo "$bold==$plain $*" >&2
}

complain() {
    echo "${red}dev:$plain $*" >&2
}

fail() {
    complain "$@"
    exit 1
}

bad_usage() {
    complain "$*; see --help"
    exit 100
}

# The comment that opens a verb's script is its help.
help_of() {
    sed -n '3,/^[^#]/{s/^#$//p;s/^# //p}' "$1"
}

# Pass `--help` on to help_of; call with the verb's arguments.
maybe_help() {
    case " $* " in
    *" --help "* | *" -h "*)
        help_of "$0"
        exit 0
        ;;
    esac
}

# The last line of what a program says, in place, on a terminal only.
progress() {
    local line
    while IFS= read -r line; do
        [ ! -t 2 ] || printf '\r\e[K   %.70s' "$line" >&2
    done
    [ ! -t 2 ] || printf '\r\e[K' >&2
}

# ---- Debian packages

missing_debs() {
    command -v dpkg-query >/dev/null || fail "this is made for Debian 12:" \
        "no dpkg-query here to look for $*"
    comm -13 <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
        2>/dev/null | sed -n 's/^installed //p' | sort -u) \
        <(printf '%s\n' "$@" | sort -u)
}

# need PACKAGE...: install those that are missing, in one apt-get call.
need() {
    local -a missing
    mapfile -t missing < <(missing_debs "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "packages are missing and only root can" \
        "install them: apt-get install --no-install-recommends ${missing[*]}"
    say "installing ${missing[*]}"
    local start=$SECONDS
    apt_install "${missing[@]}" || fail "apt-get could not install" \
        "${missing[*]}: $(apt_reason) (all of it: $BUILD/log/apt.log)"
    say "installed in $((SECONDS - start)) s"
    # What cmake did not find before may be there now.
    rm -f "$BUILD"/*/.options
}

# With stale or no package lists the first try fails; then fetch them.
apt_install() {
    : >"$BUILD/log/apt.log"
    local -a install=(install -y --no-install-recommends "$@")
    if compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; then
        apt "${install[@]}" && return 0
    fi
    apt update && apt "${install[@]}"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "$@" 2>&1 </dev/null |
        tee -a "$BUILD/log/apt.log" | progress
}

apt_reason() {
    grep -E '^(E|Err):?' "$BUILD/log/apt.log" | tail -n 1
}

# ---- npm packages

# need_npm NAME: what tests/interop/NAME/package-lock.json pins, into
# build/npm/NAME. Without npm or its registry the test that wants them skips by
# name.
need_npm() {
    local from=tests/interop/$1 to=$BUILD/npm/$1
    cmp -s "$from/package-lock.json" "$to/installed" && return
    command -v npm >/dev/null || { say "no npm: $1 is left out" && return; }
    mkdir -p "$to"
    cp "$from"/package*.json "$to"
    say "installing npm packages for $1"
    if (cd "$to" && npm install --omit=optional --ignore-scripts --no-save) \
        >"$BUILD/log/npm.log" 2>&1 </dev/null; then
        cp "$from/package-lock.json" "$to/installed"
    else
        say "npm could not install them (see $BUILD/log/npm.log)"
    fi
}

# ---- build trees

# build TREE [TARGET...]: bring build/TREE up to date, quietly.
build() {
    local tree=$1 start=$SECONDS
    shift
    configure "$tree"
    run_ninja "$tree" "$@" || fail "build/$tree does not build"
    [ $((SECONDS - start)) -lt 3 ] ||
        say "built build/$tree in $((SECONDS - start)) s"
}

# configure TREE: run cmake when the tree is new or its options changed.
configure() {
    local dir=$BUILD/$1 options
    options=$(tree_options "$1")
    if [ -f "$dir/build.ninja" ] &&
        [ "$options" = "$(cat "$dir/.options" 2>/dev/null)" ]; then
        return
    fi
    mkdir -p "$dir"
    say "configuring build/$1"
    # shellcheck disable=SC2086 # the options are words
    cmake --fresh -S "$ROOT" -B "$dir" -G Ninja $options \
        >"$BUILD/log/cmake-$1.log" 2>&1 || {
        tail -n 20 "$BUILD/log/cmake-$1.log" >&2
        fail "cmake failed for build/$1 (all of it: $BUILD/log/cmake-$1.log)"
    }
    echo "$options" >"$dir/.options"
}

run_ninja() {
    local dir=$BUILD/$1 log=$BUILD/log/ninja-$1.log
    shift
    ninja -C "$dir" "$@" 2>&1 | tee "$log" | progress || {
        # What failed first, without the compiler's long command.
        sed -n '/^FAILED: /,$p' "$log" | grep -v ' -c /' | head -n 30 >&2
        return 1
    }
}

tree_options() {
    case $1 in
    test) echo "-DCMAKE_C_COMPILER=gcc -DTOMTE_SANITIZE=ON" ;;
    release) echo "-DCMAKE_C_COMPILER=gcc" ;;
    clang) echo "-DCMAKE_C_COMPILER=clang" ;;
    gcc-O0) echo "-DCMAKE_C_COMPILER=gcc -DTOMTE_OPTIMIZE=-O0" ;;
    clang-O0) echo "-DCMAKE_C_COMPILER=clang -DTOMTE_OPTIMIZE=-O0" ;;
    fuzz) echo "-DCMAKE_C_COMPILER=clang -DTOMTE_FUZZ=ON" ;;
    rv32) echo "--toolchain $ROOT/cmake/rv32.cmake -DTOMTE_CORE_ONLY=ON" ;;
    cm3) echo "--toolchain $ROOT/cmake/cortexm3.cmake -DTOMTE_CORE_ONLY=ON" ;;
    *) fail "no build tree is named '$1'" ;;
    esac
    ! command -v ccache >/dev/null || echo "-DCMAKE_C_COMPILER_LAUNCHER=ccache"
}
