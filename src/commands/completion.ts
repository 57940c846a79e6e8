// Completion of shells, as a script that is made of the commands themselves.
import type { Command, Option } from 'commander'
import { UsageError } from '../errors.ts'
import type { Context } from './context.ts'

/** A command, or a group of commands, and what can follow its name. */
interface Entry {
  /** Words after `loggerbot`; none for the program itself. */
  words: string[]
  commands: Array<{ name: string, summary: string }>
  /** Words that an argument can be: `on`, `off`. */
  choices: string[]
  flags: readonly Option[]
}

const scripts: Record<string, (entries: Entry[]) => string> = { bash, zsh, fish }

/** Prints the script for a shell. */
export async function printCompletion ({ print }: Context, program: Command, shell: string): Promise<void> {
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined
  if (!script) throw new UsageError(`the shell must be ${Object.keys(scripts).join(', ')}`)
  print(script(entriesOf(program, [])))
}

function entriesOf (command: Command, words: string[]): Entry[] {
  const commands = command.commands.map((inner) => ({ name: inner.name(), summary: inner.summary() }))
  const names = command.registeredArguments.map((argument) => argument.name())
  const choices = names.flatMap((name) => name.includes('|') ? name.split('|') : [])
  const own = { words, commands, choices, flags: command.createHelp().visibleOptions(command) }
  return [own, ...command.commands.flatMap((inner) => entriesOf(inner, [...words, inner.name()]))]
}

const namesOf = ({ flags }: Entry) => flags.flatMap(({ long }) => long ?? [])

/** Names of the flags that take a value. */
function valueFlagsOf (entries: Entry[]): string[] {
  const names = entries.flatMap(({ flags }) => flags.filter(({ required }) => required))
    .flatMap(({ long, short }) => [long, short].filter((name) => name !== undefined))
  return [...new Set(names)]
}

/** Cases of a shell that lead from a command and the next word to the command of both. */
function steps (entries: Entry[]): string {
  return entries.filter(({ words }) => words.length > 0)
    .map(({ words }) => `      '${words.slice(0, -1).join(' ')}/${words.at(-1)}') command='${words.join(' ')}' ;;`)
    .join('\n')
}

/** Cases of a shell that lead from a command to the words that can follow it. */
function followers (entries: Entry[]): string {
  return entries.map((entry) => {
    const words = [...entry.commands.map(({ name }) => name), ...entry.choices, ...namesOf(entry)]
    return `    '${entry.words.join(' ')}') words='${words.join(' ')}' ;;`
  }).join('\n')
}

function bash (entries: Entry[]): string {
  return `# Completion of loggerbot: source <(loggerbot completion bash)
_loggerbot () {
  local current=\${COMP_WORDS[COMP_CWORD]} command='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command/\${COMP_WORDS[i]}" in
${steps(entries)}
    esac
  done
  case "\${COMP_WORDS[COMP_CWORD - 1]}" in
    ${[...valueFlagsOf(entries), '='].join(' | ')}) return ;;
  esac
  case "$command" in
${followers(entries)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _loggerbot loggerbot`
}

function zsh (entries: Entry[]): string {
  return `#compdef loggerbot
# Completion of loggerbot: source <(loggerbot completion zsh)
_loggerbot () {
  local command='' words_after='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$command/$word" in
${steps(entries)}
    esac
  done
  case "\${words[CURRENT-1]}" in
    ${valueFlagsOf(entries).join(' | ')}) _files; return ;;
  esac
  case "$command" in
${followers(entries).replaceAll(') words=', ') words_after=')}
  esac
  compadd -- \${=words_after}
}
compdef _loggerbot loggerbot`
}

function fish (entries: Entry[]): string {
  const quote = (text: string) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
  const lines = entries.flatMap(({ words, commands, choices, flags }) => {
    const isHere = words.map((word) => `__fish_seen_subcommand_from ${word}`)
    const names = commands.map(({ name }) => name).join(' ')
    if (commands.length > 0) isHere.push(`not __fish_seen_subcommand_from ${names}`)
    const start = `complete -c loggerbot -n ${quote(isHere.join('; and '))}`
    return [
      ...commands.map(({ name, summary }) => `${start} -f -a ${name} -d ${quote(summary)}`),
      ...choices.map((choice) => `${start} -f -a ${choice}`),
      ...flags.flatMap(({ long, required, description }) =>
        long === undefined ? [] : `${start} -l ${long.slice(2)}${required ? ' -r' : ''} -d ${quote(description)}`)
    ]
  })
  return ['# Completion of loggerbot: loggerbot completion fish | source', ...lines].join('\n')
}
