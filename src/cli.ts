import { parseArgs } from 'node:util'
import type { Command } from './commands/command.ts'
import { print } from './commands/command.ts'
import { deadLettersDelete, deadLettersList, deadLettersReplay } from './commands/dead-letters.ts'
import { exportLogs } from './commands/export.ts'
import { migrate } from './commands/migrate.ts'
import { partitions } from './commands/partitions.ts'
import { retention } from './commands/retention.ts'
import { search } from './commands/search.ts'
import { serve } from './commands/serve.ts'
import { setupDatabase } from './commands/setup-database.ts'
import { tail } from './commands/tail.ts'
import { tokenAdd, tokenList, tokenRevoke } from './commands/token.ts'
import { userAdd, userDisable, userList, userRetention } from './commands/user.ts'
import { readSettings, settingsTable, type SettingName } from './config.ts'
import { CommandError, UsageError, codeOf } from './errors.ts'
import { version } from './version.ts'

const commands: Record<string, Command> = {
  serve,
  'setup-database': setupDatabase,
  migrate,
  search,
  tail,
  export: exportLogs,
  'user add': userAdd,
  'user list': userList,
  'user disable': userDisable,
  'user retention': userRetention,
  retention,
  partitions,
  'token add': tokenAdd,
  'token list': tokenList,
  'token revoke': tokenRevoke,
  'dead-letters list': deadLettersList,
  'dead-letters replay': deadLettersReplay,
  'dead-letters delete': deadLettersDelete
}

/** Runs one command line. Sets the exit code: 2 for a wrong call, 1 for what could not be done. */
export async function main (args: string[]): Promise<void> {
  // Whoever reads what is printed may stop before its end, as head does.
  process.stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error
    process.exit()
  })
  try {
    await run(args)
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof CommandError)) throw error
    process.stderr.write(`loggerbot: ${error.message}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

async function run (args: string[]): Promise<void> {
  const name = Object.keys(commands).find((name) => name.split(' ').every((word, index) => args[index] === word))
  if (name === undefined) {
    if (args[0] === '--version') return print(version)
    if (args[0] === '--help') return print(overview())
    throw new UsageError(`${args.length === 0 ? 'which command?' : `no such command: ${args.join(' ')}`} (loggerbot --help lists them)`)
  }
  const command = commands[name]!
  const { values, positionals } = parse(name, command, args.slice(name.split(' ').length))
  if (values.help) return print(help(name, command))
  if (values.version) return print(version)
  const { positionals: wanted = [], rest } = command
  if (positionals.length < wanted.length || (positionals.length > wanted.length && rest === undefined)) throw new UsageError(`usage: ${usage(name, command)}`)

  const names = settingNames(command)
  const flags = Object.fromEntries(Object.entries(values).filter(([flag]) => flag in names)) as Record<string, string>
  const settings = await readSettings(Object.fromEntries(Object.entries(flags).map(([flag, value]) => [names[flag], value])))
  await command.run(settings, { positionals: positionals.slice(0, wanted.length), rest: positionals.slice(wanted.length).join(' '), flags, options: values })
}

function parse (name: string, command: Command, args: string[]): { values: Record<string, string | boolean | undefined>, positionals: string[] } {
  try {
    return parseArgs({
      args: withRelativeTimes(args),
      allowPositionals: true,
      options: {
        ...Object.fromEntries(Object.keys(settingNames(command)).map((flag) => [flag, { type: 'string' }])),
        ...command.options,
        help: { type: 'boolean' },
        version: { type: 'boolean' }
      }
    })
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.? To specify|\n/)
    throw new UsageError(`${sentence} (loggerbot ${name} --help lists the flags)`)
  }
}

/** `--from -1h` as `--from=-1h`: else it would be another flag. */
function withRelativeTimes (args: string[]): string[] {
  return args.flatMap((arg, index) => {
    if (/^-\d/.test(arg) && /^--(from|to)$/.test(args[index - 1] ?? '')) return []
    return /^--(from|to)$/.test(arg) && /^-\d/.test(args[index + 1] ?? '') ? [`${arg}=${args[index + 1]}`] : [arg]
  })
}

/** Which setting each flag of the command means. */
function settingNames (command: Command): Record<string, SettingName> {
  return {
    ...Object.fromEntries(settingsTable.flatMap(({ name, flag }) => flag === undefined ? [] : [[flag, name]])),
    ...command.flags
  }
}

function usage (name: string, { positionals = [], rest }: Command): string {
  return ['loggerbot', name, ...positionals, ...rest === undefined ? [] : [`[${rest}]`], '[flags]'].join(' ')
}

function overview (): string {
  return [
    'LoggerBot Server: logs in over HTTP, durable in your own database.',
    '',
    'Commands:',
    ...table(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    '',
    '  loggerbot COMMAND --help says more; loggerbot --version says which this is.'
  ].join('\n')
}

function help (name: string, command: Command): string {
  const flags = Object.entries(settingNames(command)).map(([flag, setting]) => {
    const { description, default: standard } = settingsTable.find(({ name }) => name === setting)!
    return [`--${flag}`, `${description} (${setting}${standard === '' ? '' : `, default ${standard}`})`]
  })
  return [
    `Usage: ${usage(name, command)}`,
    '',
    `  ${command.summary}`,
    ...command.details ? ['', command.details] : [],
    '',
    'Flags:',
    ...table([...Object.entries(command.options ?? {}).map(([flag, { description }]) => [`--${flag}`, description]), ...flags]),
    '',
    'A flag goes before its environment variable, that before .env. These have no flag:',
    ...table(settingsTable.filter(({ flag }) => flag === undefined).map(({ name, description, default: standard }) =>
      [name, `${description}${standard === '' ? '' : ` (default ${standard})`}`]))
  ].join('\n')
}

function table (rows: string[][]): string[] {
  const width = Math.max(...rows.map(([first]) => first!.length))
  return rows.map(([first, second]) => `  ${first!.padEnd(width)}  ${second}`)
}
