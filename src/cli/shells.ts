/** What a shell has to be told so that TAB asks `pawl`. All of them call `pawl complete`, so that they agree. */

/** Said in place of candidates: the shell's own completion of files is better. */
export const FILES = ':files';

const BASH = `# pawl: source <(pawl completion bash)
_pawl() {
  local answer candidate
  COMPREPLY=()
  answer=$("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$answer" = '${FILES}' ]; then
    compopt -o default 2>/dev/null
    return
  fi
  while IFS=$'\\t' read -r candidate _; do
    [ -n "$candidate" ] && COMPREPLY+=("$candidate")
  done <<<"$answer"
}
complete -F _pawl pawl
`;

const ZSH = `#compdef pawl
# pawl: source <(pawl completion zsh)
_pawl() {
  local answer line
  local -a found
  answer=$("$words[1]" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if [[ $answer == '${FILES}' ]]; then
    _files
    return
  fi
  for line in "\${(@f)answer}"; do
    [[ -n $line ]] && found+=("\${\${line//:/\\\\:}/$'\\t'/:}")
  done
  _describe pawl found
}
if [[ $funcstack[1] == _pawl ]]; then
  _pawl "$@"
else
  compdef _pawl pawl
fi
`;

const FISH = `# pawl: pawl completion fish | source
function __pawl_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  set -l typed (commandline -ct)
  set -l answer ($program complete -- $words "$typed" 2>/dev/null)
  if test "$answer" = '${FILES}'
    __fish_complete_path "$typed"
    return
  end
  printf '%s\\n' $answer
end
complete -c pawl -f -a '(__pawl_complete)'
`;

export const SHELLS: Record<string, string> = { bash: BASH, zsh: ZSH, fish: FISH };
