#!/usr/bin/env bash
# The program builds and answers without readline, and then does not link it: that binary stays under the MIT licence.
set -euo pipefail
fail() {
  printf 'readline_test: %s\n' "$*" >&2
  exit 1
}

# The same flags as this build, so that the compiler cache answers for nearly every file.
option() { sed -n "s/^$1:[A-Z]*=//p" "$SYSLAB_BUILD_DIR/CMakeCache.txt"; }
build=$SYSLAB_BUILD_DIR/tests/no_readline
mkdir -p "$build"
{
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE="$(option CMAKE_BUILD_TYPE)" -DSYSLAB_ASAN="$(option SYSLAB_ASAN)" \
        -DSYSLAB_WERROR="$(option SYSLAB_WERROR)" -DSYSLAB_READLINE=OFF -DSYSLAB_TESTS=OFF
  CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 cmake --build "$build" --target syslab
} >"$build.log" 2>&1 || {
  tail -n 50 "$build.log"
  fail "does not build"
}
libraries=$(ldd "$build/syslab")
[[ $libraries != *readline* ]] || fail "links readline: $libraries"
[[ $(echo 'return 1+1' | "$build/syslab") == 2 ]] || fail "does not run what it is given"
