#!/usr/bin/env bash
# Installs into a temporary folder and uses what lies there, from elsewhere.
set -euo pipefail
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  printf 'install_test: %s\n' "$*" >&2
  exit 1
}

cmake --install "$SYSLAB_BUILD_DIR" --prefix "$work/usr" >"$work/log" 2>&1 || fail "$(<"$work/log")"
cd "$work"
program=$work/usr/bin/syslab
[[ $("$program" --version) == 'syslab '[0-9]* ]] || fail "--version says $("$program" --version)"
[[ $("$program" -e 'return 1+1') == 2 ]] || fail "-e 'return 1+1' says $("$program" -e 'return 1+1' 2>&1)"

# It reads its own Lua files and not the checkout's: a module that only lies here is found.
echo 'return { here = "installed" }' >"$work/usr/share/syslab/lua/install_canary.lua"
[[ $("$program" -e 'return require("install_canary").here') == *installed* ]] || fail "reads Lua files of the checkout"
[[ $("$program" lab list) == *quickstart* ]] || fail "the labs are not installed"

for file in doc/syslab/LICENSE bash-completion/completions/syslab; do
  [[ -s $work/usr/share/$file ]] || fail "share/$file is missing"
done
if command -v scdoc >/dev/null; then
  [[ $(<"$work/usr/share/man/man1/syslab.1") == *'.TH "syslab" "1"'* ]] || fail "the manual page is missing"
fi

# The completion offers each command and option of the program, and nothing else; the manual page explains them.
# shellcheck disable=SC1091
source "$work/usr/share/bash-completion/completions/syslab"
complete -p syslab >/dev/null || fail "the completion does not register itself"
# shellcheck disable=SC2034  # read by the completion
COMP_WORDS=(syslab '') COMP_CWORD=1
_syslab
offered=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
help=$("$program" --help)
commands=$(sed -n '/^Subcommands:/,$ s/^  \([a-z]\{1,\}\) .*/\1/p' <<<"$help")
options=$(sed -n 's/^  \(-h,\)\{0,1\}\(-[-a-z]*\) .*/\2/p' <<<"$help")
wanted=$(printf '%s\n' "$commands" "$options" | sort)
[[ $offered == "$wanted" ]] || fail "the completion is not that of --help: $(diff <(echo "$offered") <(echo "$wanted"))"
for word in $commands $options; do
  grep -q -- "\*$word\*" "$source/docs/syslab.1.scd" || fail "the manual page does not explain '$word'"
done
PATH=$work/usr/bin:$PATH
COMP_WORDS=(syslab lab check '') COMP_CWORD=3
_syslab
[[ " ${COMPREPLY[*]} " == *' quickstart '* ]] || fail "the completion does not know the labs: ${COMPREPLY[*]}"
