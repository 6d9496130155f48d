import type { ShellName } from '../../model/doors.ts'

/** The script by which a shell asks us what may follow; `safe-compose completion SHELL` prints it. */
export const completionScripts: Readonly<Record<ShellName, string>> = {
  bash: String.raw`# Completion of safe-compose. In ~/.bashrc:  eval "$(safe-compose completion bash)"
_safe_compose() {
  local cur words cword line directive=0
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n =: cur words cword
  else
    cur=${'$'}{COMP_WORDS[COMP_CWORD]} words=("${'$'}{COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) directive=${'$'}{line#:} ;;
      *) COMPREPLY+=("${'$'}{line%%$'\t'*}") ;;
    esac
  done < <(command safe-compose __complete "${'$'}{words[@]:1:cword-1}" "$cur" 2>/dev/null)
  if ((directive & 2)); then compopt -o nospace 2>/dev/null; fi
  if ((directive & 4)); then compopt +o default 2>/dev/null; fi
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
complete -o default -F _safe_compose safe-compose
`,
  zsh: String.raw`#compdef safe-compose
# Completion of safe-compose. In ~/.zshrc, after compinit:  eval "$(safe-compose completion zsh)"
_safe_compose() {
  local line directive=0
  local -a found space
  while IFS= read -r line; do
    case $line in
      :*) directive=${'$'}{line#:} ;;
      *$'\t'*) found+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}") ;;
      *) found+=("${'$'}{line//:/\\:}") ;;
    esac
  done < <(command safe-compose __complete "${'$'}{(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)
  ((directive & 2)) && space=(-S '')
  if (($#found)); then _describe -V safe-compose found "${'$'}{space[@]}"; fi
  if ((!(directive & 4))); then _files; fi
}
if ((!$+functions[compdef])); then autoload -Uz compinit && compinit; fi
compdef _safe_compose safe-compose
`,
  fish: String.raw`# Completion of safe-compose. In ~/.config/fish/completions/safe-compose.fish:  safe-compose completion fish | source
function __safe_compose_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    for line in (command safe-compose __complete $words "$current" 2>/dev/null)
        switch $line
            case ':*'
                if test (math "floor("(string sub -s 2 -- $line)" / 4) % 2") = 0
                    __fish_complete_path "$current"
                end
            case '*'
                echo $line
        end
    end
end
complete -c safe-compose -f -a '(__safe_compose_complete)'
`,
}
