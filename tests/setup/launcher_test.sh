#!/usr/bin/env bash
# The launcher, tried on a small stand-in for the project: the same script and presets, nothing to compile.
set -euo pipefail
source=$PWD
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
export XDG_CACHE_HOME=$work/cache HOME=$work
unset CI

fail() {
  printf 'launcher_test: %s\n' "$*" >&2
  exit 1
}
# expect WHAT WANTED GOT
expect() { [[ $2 == "$3" ]] || fail "$1: wanted '$2', got '$3'"; }

# A folder with programs that stand before the real ones: a dpkg-query that knows every package of FAKE_INSTALLED, and
# an apt-get and a sudo that note what they were asked.
mkdir "$work/bin"
cat >"$work/bin/dpkg-query" <<'SH'
#!/usr/bin/env bash
for name in "${@:4}"; do
  if [[ " $FAKE_INSTALLED " == *" $name "* || $FAKE_INSTALLED == all ]]; then echo "$name=installed"; fi
done
SH
cat >"$work/bin/apt-get" <<'SH'
#!/usr/bin/env bash
echo "$DEBIAN_FRONTEND $*" >>"$APT_LOG"
SH
chmod +x "$work/bin/"*
export PATH=$work/bin:$PATH APT_LOG=$work/apt.log FAKE_INSTALLED=all

project="$work/a checkout"
mkdir -p "$project"/{core,lua}
cp syslab CMakePresets.json "$project"
cat >"$project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(stand_in NONE)
add_custom_command(OUTPUT syslab COMMAND cat ${CMAKE_SOURCE_DIR}/core/program.sh > syslab COMMAND chmod +x syslab
                   COMMAND echo built >> built.log DEPENDS core/program.sh VERBATIM)
add_custom_target(program ALL DEPENDS syslab)
enable_testing()
add_test(NAME passes COMMAND true)
CMAKE
cat >"$project/core/program.sh" <<'SH'
#!/bin/sh
printf '<%s>' "$@"
exit 3
SH
touch "$project/lua/x.lua"
builds() { wc -l <"$project/build/release/built.log"; }
start() { (cd / && "$project/syslab" "$@" 2>"$work/err"); }

# From bare sources to the program: only the program writes, and its arguments and exit code are its own.
code=0
out=$(start run 'a b' '' '*') || code=$?
expect "the program's output" '<run><a b><><*>' "$out"
expect "the program's exit code" 3 "$code"
expect "messages in a pipe" '' "$(<"$work/err")"
expect "packages installed" no "$([[ -f $APT_LOG ]] && echo yes || echo no)"

# What is compiled is rebuilt when it changed, and only then.
start >/dev/null || true
touch "$project/lua/x.lua"
start >/dev/null || true
expect "builds after a change in lua/" 1 "$(builds)"
sed -i 's/exit 3/exit 0/' "$project/core/program.sh"
start >/dev/null || fail "the change in core/ was not built"
expect "builds after a change in core/" 2 "$(builds)"

# A symbolic link, a relative path, and two starts at once.
ln -s "$project/syslab" "$work/bin/lab"
expect "by a link" '<x>' "$(lab x)"
expect "by a relative path" '<x>' "$(cd "$project/lua" && ../syslab x)"
touch "$project/core/program.sh"
(start one >"$work/one") & (start two >"$work/two") & wait
expect "two starts at once" '<one> <two>' "$(<"$work/one") $(<"$work/two")"
expect "builds after two starts at once" 3 "$(builds)"

# The tests end with ctest's summary; -R and the like reach ctest.
out=$(start test -R passes) || fail "test failed: $out"
[[ $out == *'100% tests passed, 0 tests failed out of 1'* ]] || fail "no summary of ctest: $out"
code=0
start test --preset fast >/dev/null || code=$?
expect "an unknown preset" 1 "$code"

# A build that fails says why, also in a pipe, and the next start tries again.
cp "$project/CMakeLists.txt" "$work/saved"
echo 'message(FATAL_ERROR "the reason")' >>"$project/CMakeLists.txt"
code=0
start >/dev/null || code=$?
expect "exit code of a failed build" 1 "$code"
[[ $(<"$work/err") == *'the reason'* ]] || fail "the failure is not shown: $(<"$work/err")"
cp "$work/saved" "$project/CMakeLists.txt"
expect "after the repair" '<x>' "$(start x)"

# A moved checkout is configured again.
mv "$project" "$work/moved"
project=$work/moved
ln -sfn "$project/syslab" "$work/bin/lab"
expect "in a moved checkout" '<x>' "$(start x)"

# Missing packages. Root installs them without a question; a second start asks nobody.
as_user=()
if ((EUID == 0)); then
  touch "$project/core/program.sh"
  FAKE_INSTALLED='g++ cmake' start >/dev/null || fail "$(<"$work/err")"
  [[ $(<"$APT_LOG") == *'noninteractive '*' update'*'noninteractive '*' install '*ninja-build*ccache* ]] ||
    fail "apt-get was asked: $(<"$APT_LOG")"
  [[ $(<"$APT_LOG") != *' g++ '* ]] || fail "an installed package is installed again"
  as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  chown -R 65534 "$work"
fi
rm -f "$APT_LOG"
touch "$project/core/program.sh"
mkdir "$work/few"  # No sudo here.
for tool in bash env readlink find mkdir flock cksum sed; do ln -s "$(command -v $tool)" "$work/few/$tool"; done
bare() {
  "${as_user[@]}" env FAKE_INSTALLED='g++ cmake' PATH="$work/bin:$work/few" bash "$project/syslab" 2>"$work/err"
}
code=0
bare </dev/null || code=$?
expect "exit code without packages" 1 "$code"
[[ $(<"$work/err") == *'missing: ninja-build '*'apt-get install '* ]] || fail "not named: $(<"$work/err")"
ln -s /bin/true "$work/few/sudo"
bare </dev/null || true
[[ $(<"$work/err") == *'Start again with -y'* ]] || fail "not told of -y: $(<"$work/err")"

# A checkout that cannot be written to is built in the user's cache.
rm -rf "$project/build"
chmod -R a-w "$project"
expect "in a read-only checkout" '<x>' "$(cd / && "${as_user[@]}" "$project/syslab" x)"
compgen -G "$XDG_CACHE_HOME/syslab/build-*/release/syslab" >/dev/null || fail "nothing was built in the cache"
cd "$source"
