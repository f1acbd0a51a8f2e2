# Bash completion for syslab: commands, options, labs, models, and file names.

_syslab() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-} before=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    local words='run lab grade check sweep help -e -i -l -q --seed --no-init --color --jit --version --help'
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    return
  fi
  case $command in
    lab)
      if ((COMP_CWORD == 2)); then
        local commands='list check start watch replay solution reset new verify'
        mapfile -t COMPREPLY < <(compgen -W "$commands $(_syslab_labs)" -- "$word")
      elif ((COMP_CWORD == 3)) && [[ $before == @(check|start|watch|replay|solution|reset|verify) ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_syslab_labs)" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    grade)
      if ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_syslab_labs)" -- "$word")
      elif [[ $before == --format ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'text json gradescope junit tap classroom csv canvas' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    check)
      if ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W 'bank cas-register causal causal-convergent convergence counter
          kv list-append long-fork mutex queue register sequential sequential-kv sequential-list-append
          sequential-queue session set set-full total-queue txn-list-append txn-rw-register' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    sweep)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--seeds --jobs --runs --failures --limit' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    run)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
  esac
}

# The names of the labs, from lines like "· quickstart   10 min  A first system".
_syslab_labs() { syslab lab list 2>/dev/null | awk '$4 == "min" { print $2 }'; }

complete -o filenames -F _syslab syslab
