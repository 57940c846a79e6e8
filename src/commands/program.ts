// The command line, by commander: how it is parsed, what --help says, and what is wrong with a call.
import { Command, Option, type CommanderError } from 'commander'
import { settingsTable, type SettingName } from '../config.ts'
import { UsageError } from '../errors.ts'
import { version } from '../version.ts'
import type { Context } from './context.ts'
import { defineCommands, settingFlagsOf } from './definitions.ts'
import { tableLines } from './table.ts'

/** Where help is written, and how a command gets its context. */
export interface ProgramOptions {
  write: (text: string) => void
  openContext: (flags: GivenFlags) => Context
}

/** Flags of settings that were given: their values by the flag's name, and the setting that each one means. */
export interface GivenFlags {
  values: Record<string, string>
  names: Record<string, SettingName>
}

/** Creates the program `loggerbot`. Parsing rejects with UsageError, or with CommanderError once help was written. */
export function createProgram ({ write, openContext }: ProgramOptions): Command {
  const program = new Command('loggerbot')
    .description('LoggerBot Server: logs in over HTTP, durable in your own database.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .configureOutput({ writeOut: write, writeErr: () => {} })
    .configureHelp({
      helpWidth: Number.MAX_SAFE_INTEGER,
      visibleCommands: leavesOf,
      subcommandTerm: (command) => [nameOf(command), command.usage().replace(/ ?\[flags\]/, '')].join(' ').trimEnd()
    })
    .addHelpText('after', '\nloggerbot COMMAND --help describes a command and its flags.')
  defineCommands(program, (work) => async function (...args) {
    await work(openContext(givenFlags(this)), ...args)
  })
  for (const command of [program, ...program.commands]) if (!isLeaf(command)) refuseUnknownCommands(command)
  for (const command of [program, ...program.commands, ...leavesOf(program)]) refuseWrongCalls(command)
  for (const command of leavesOf(program)) addSettings(command)
  return program
}

function isLeaf (command: Command): boolean {
  return command.commands.length === 0
}

/** The commands that do something: `user add`, not `user`. */
function leavesOf (command: Command): Command[] {
  return command.commands.flatMap((child) => isLeaf(child) ? [child] : leavesOf(child))
}

/** The name as it is called, without `loggerbot`. */
function nameOf (command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}`.trimStart() : ''
}

/** Adds the flags of settings, and to the help the settings that have none. */
function addSettings (command: Command): void {
  const flags = settingFlagsOf(nameOf(command))
  for (const [flag, name] of Object.entries(flags)) {
    command.addOption(new Option(`--${flag} <value>`, describeSetting(name)))
  }
  const withFlag = new Set(Object.values(flags))
  const others = settingsTable.filter(({ name }) => !withFlag.has(name))
  const rows = others.map(({ name, description, default: standard }) =>
    [`  ${name}`, `${description}${standard === '' ? '' : ` (default ${standard})`}`])
  command.addHelpText('after', [
    '',
    'A flag goes before its environment variable, that before .env. These settings have no flag:',
    ...tableLines(rows)
  ].join('\n'))
}

function describeSetting (name: SettingName): string {
  const { description, default: standard } = settingsTable.find((setting) => setting.name === name) ?? {}
  return `${description} (${name}${standard === '' ? '' : `, default ${standard}`})`
}

function givenFlags (command: Command): GivenFlags {
  const names = settingFlagsOf(nameOf(command))
  const values = command.options.flatMap((option) => {
    const flag = option.long?.slice(2) ?? ''
    const value: unknown = command.getOptionValue(option.attributeName())
    return flag in names && typeof value === 'string' ? [[flag, value]] : []
  })
  return { values: Object.fromEntries(values), names }
}

/** Makes a group of commands, or the program itself, refuse the call when no command of it is named. */
function refuseUnknownCommands (group: Command): void {
  group.argument('[words...]').usage('COMMAND').action((words: string[]) => {
    const call = [nameOf(group), ...words].join(' ').trim()
    const problem = call === '' ? 'no command given' : `no such command: ${call}`
    throw new UsageError(`${problem} (loggerbot --help lists them)`)
  })
}

function refuseWrongCalls (command: Command): void {
  const name = `loggerbot ${nameOf(command)}`.trimEnd()
  command.exitOverride((error: CommanderError) => {
    if (error.exitCode === 0) throw error
    const isUsage = ['commander.missingArgument', 'commander.excessArguments'].includes(error.code)
    if (isUsage) throw new UsageError(`usage: ${name} ${command.usage()}`)
    throw new UsageError(`${error.message.replace(/^error: /, '')} (${name} --help lists the flags)`)
  })
}
