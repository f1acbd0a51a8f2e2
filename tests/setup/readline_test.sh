#!/usr/bin/env bash
# The program builds and answers without readline, and then does not link it: that binary stays under the MIT licence.
set -euo pipefail
fail() {
  printf 'readline_test: %s\n' "$*" >&2
  exit 1
}

# The same flags as this build and a folder as deep as its, so that the compiler cache knows nearly every file.
option() { sed -n "s/^$1:[A-Z]*=//p" "$SYSLAB_BUILD_DIR/CMakeCache.txt"; }
[[ $(option SYSLAB_ASAN) != ON ]] || exit 77  # a second build of all files, for what the release build shows
build=$SYSLAB_BUILD_DIR.no_readline
mkdir -p "$build"
{
  cmake -S . -B "$build" -G Ninja -DSYSLAB_READLINE=OFF -DSYSLAB_TESTS=OFF \
        -DCMAKE_BUILD_TYPE="$(option CMAKE_BUILD_TYPE)" -DSYSLAB_ASAN="$(option SYSLAB_ASAN)" \
        -DSYSLAB_WERROR="$(option SYSLAB_WERROR)"
  cmake --build "$build" --target syslab
} >"$build.log" 2>&1 || {
  tail -n 50 "$build.log"
  fail "does not build"
}
libraries=$(ldd "$build/syslab")
[[ $libraries != *readline* ]] || fail "links readline: $libraries"
[[ $("$build/syslab" --version) == 'syslab '* ]] || fail "does not start"
