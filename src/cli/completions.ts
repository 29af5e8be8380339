import { programName } from './cli-context.ts'
import type { CommandRow } from './command-row.ts'
import { type CompletedCommand, type CompletedFlag, completedCommands } from './completion-model.ts'

/** The shells that scripts are made for, and where each looks for them. */
export const completionShells = {
  bash: `~/.local/share/bash-completion/completions/${programName}`,
  zsh: `a folder of $fpath, as _${programName}`,
  fish: `~/.config/fish/completions/${programName}.fish`,
} as const
export type CompletionShell = keyof typeof completionShells

/** A script that completes commands, flags and their values. Everything is in the script: no TAB starts a process. */
export function renderCompletions(shell: CompletionShell, table: readonly CommandRow[]): string {
  const commands = completedCommands(table)
  switch (shell) {
    case 'bash':
      return renderBash(commands)
    case 'zsh':
      return renderZsh(commands)
    case 'fish':
      return renderFish(commands)
  }
}

const functionName = `_${programName.replaceAll('-', '_')}`

function renderBash(commands: readonly CompletedCommand[]): string {
  return `# ${completionShells.bash}
${bashFunction(commands)}
complete -F ${functionName} ${programName}
`
}

/** zsh runs bash's script as its own bashcompinit lets it: one script to keep right. */
function renderZsh(commands: readonly CompletedCommand[]): string {
  return `#compdef ${programName}
# ${completionShells.zsh}
autoload -U +X bashcompinit && bashcompinit
${bashFunction(commands)}
complete -F ${functionName} ${programName}
# Loaded by the first TAB, which is to be answered too.
if [ "\${funcstack[1]}" = "_${programName}" ]; then _bash_complete -F ${functionName}; fi
`
}

function bashFunction(commands: readonly CompletedCommand[]): string {
  const named = commands.filter(({ name }) => name !== '').map(({ name }) => quoted(name))
  return `${functionName}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" name='' next words='' i
  # bash takes --flag=value apart.
  if [ "$word" = '=' ]; then word=''
  elif [ "$before" = '=' ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${name:+$name }\${COMP_WORDS[i]}"
    case "$next" in
      ${named.join('|')}) name="$next" ;;
      *) break ;;
    esac
  done
  case "$name:$before" in
${commands.flatMap(bashValues).join('\n')}
  esac
  case "$name" in
${commands.map(({ name, words, flags }) => `    ${quoted(name)}) words=${quoted([...words, ...flags.map((flag) => flag.name)].join(' '))} ;;`).join('\n')}
  esac
  # Flags only where one is begun: they would hide the few words that may stand there.
  if [ "\${word#-}" = "$word" ]; then
    next=''
    for i in $words; do case "$i" in -*) ;; *) next="$next $i" ;; esac; done
    [ -n "$next" ] && words="$next"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}`
}

function bashValues({ name, flags }: CompletedCommand): readonly string[] {
  return flags.flatMap((flag) => {
    const at = `    ${quoted(`${name}:${flag.name}`)})`
    switch (flag.value) {
      case 'none':
        return []
      case 'path':
        return [`${at} COMPREPLY=($(compgen -f -- "$word")); return ;;`]
      case 'text':
        return [`${at} COMPREPLY=(); return ;;`]
      default:
        return [`${at} COMPREPLY=($(compgen -W ${quoted(flag.value.join(' '))} -- "$word")); return ;;`]
    }
  })
}

/** \`__…_at config show\`: whether the words so far, up to the first that is no command, are these. */
function renderFish(commands: readonly CompletedCommand[]): string {
  const named = commands.filter(({ name }) => name !== '').map(({ name }) => quoted(name))
  const at = `_${functionName}_at`
  return `# ${completionShells.fish}
function ${at}
  set -l name ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$name $word")
    contains -- $next ${named.join(' ')}; or break
    set name $next
  end
  test "$name" = "$argv"
end
complete -c ${programName} -f
${commands.flatMap((command) => fishLines(command, `-n ${quoted(`${at} ${command.name}`.trim())}`)).join('\n')}
`
}

function fishLines({ words, flags }: CompletedCommand, condition: string): readonly string[] {
  const begin = `complete -c ${programName} ${condition}`
  const first = words.length === 0 ? [] : [`${begin} -a ${quoted(words.join(' '))}`]
  return [
    ...first,
    ...flags.map(
      (flag) => `${begin} -l ${flag.name.slice(2)}${fishValue(flag)} -d ${quoted(flag.description)}`,
    ),
  ]
}

function fishValue({ value }: CompletedFlag): string {
  switch (value) {
    case 'none':
      return ''
    case 'path':
      return ' -r -F'
    case 'text':
      return ' -x'
    default:
      return ` -x -a ${quoted(value.join(' '))}`
  }
}

/** As every one of these shells reads it; fish knows one escape more within quotes, the backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", `'"'"'`)}'`
}
