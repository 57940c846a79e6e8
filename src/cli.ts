import { parseArgs } from 'node:util'
import type { Command, Given, Streams } from './commands/command.ts'
import { homeOf, readSettings, settingsTable, sourceOf, type Environment, type SettingName } from './config.ts'
import { CommandError, describeFailure, explainFailure, Interrupted, UsageError } from './errors.ts'
import { printableLine, printableLines } from './query/format.ts'
import { version } from './version.ts'

/** Each with what it needs is loaded when it is called: a search in the terminal does not wait for a whole server. */
const commands: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  'setup-database': async () => (await import('./commands/setup-database.ts')).setupDatabase,
  migrate: async () => (await import('./commands/migrate.ts')).migrate,
  search: async () => (await import('./commands/search.ts')).search,
  tail: async () => (await import('./commands/tail.ts')).tail,
  export: async () => (await import('./commands/export.ts')).exportLogs,
  'user add': async () => (await import('./commands/user.ts')).userAdd,
  'user list': async () => (await import('./commands/user.ts')).userList,
  'user disable': async () => (await import('./commands/user.ts')).userDisable,
  'user retention': async () => (await import('./commands/user.ts')).userRetention,
  retention: async () => (await import('./commands/retention.ts')).retention,
  partitions: async () => (await import('./commands/partitions.ts')).partitions,
  'token add': async () => (await import('./commands/token.ts')).tokenAdd,
  'token list': async () => (await import('./commands/token.ts')).tokenList,
  'token revoke': async () => (await import('./commands/token.ts')).tokenRevoke,
  'dead-letters list': async () => (await import('./commands/dead-letters.ts')).deadLettersList,
  'dead-letters replay': async () => (await import('./commands/dead-letters.ts')).deadLettersReplay,
  'dead-letters delete': async () => (await import('./commands/dead-letters.ts')).deadLettersDelete,
  'spool list': async () => (await import('./commands/spool.ts')).spoolList,
  'spool move': async () => (await import('./commands/spool.ts')).spoolMove,
  'spool drop': async () => (await import('./commands/spool.ts')).spoolDrop,
  'spool kept': async () => (await import('./commands/spool.ts')).spoolKept,
  'spool replay': async () => (await import('./commands/spool.ts')).spoolReplay,
  'spool forget': async () => (await import('./commands/spool.ts')).spoolForget
}

/**
 * Runs one command line. Resolves to the exit code: 2 for a wrong call, 130 for an interruption, 1 for what else could not be done, else 0.
 * What went wrong is one line. A server that `serve` started goes on until a signal ends the process.
 */
export async function main (args: string[], streams: Streams, env: Environment): Promise<number> {
  const warn = (line: string): void => { streams.stderr.write(`loggerbot: ${printableLine(line)}\n`) }
  try {
    await run(args, { ...streams, warn }, env)
    return 0
  } catch (error) {
    if (error instanceof Interrupted) return 130
    if (error instanceof UsageError || error instanceof CommandError) {
      warn(error.message)
      return error instanceof UsageError ? 2 : 1
    }
    warn(explainFailure(error))
    if (/^(debug|trace)$/.test(env.LOGGER_LOG_LEVEL ?? '')) streams.stderr.write(`${printableLines(describeFailure(error).frames ?? '')}\n`)
    return 1
  }
}

async function run (args: string[], { warn, ...streams }: Streams & Pick<Given, 'warn'>, env: Environment): Promise<void> {
  const print = (line: string): void => { streams.stdout.write(`${printableLines(line)}\n`) }
  const name = Object.keys(commands).find((name) => name.split(' ').every((word, index) => args[index] === word))
  if (name === undefined) {
    if (args[0] === '--version') return print(version)
    if (args[0] === '--help') return print(await overview())
    throw new UsageError(`${args.length === 0 ? 'which command?' : `no such command: ${args.join(' ')}`} (loggerbot --help lists them)`)
  }
  const command = await commands[name]!()
  const { values, positionals } = parse(name, command, args.slice(name.split(' ').length))
  if (values.help) return print(help(name, command))
  if (values.version) return print(version)
  const { positionals: wanted = [], rest } = command
  if (positionals.length < wanted.length || (positionals.length > wanted.length && rest === undefined)) throw new UsageError(`usage: ${usage(name, command)}`)

  const names = settingNames(command)
  const flags = Object.fromEntries(Object.entries(values).filter(([flag]) => flag in names)) as Record<string, string>
  const given: Partial<Record<SettingName, string>> = Object.fromEntries(Object.entries(flags).map(([flag, value]) => [names[flag], value]))
  const settings = await readSettings(given, env)
  await command.run(settings, {
    positionals: positionals.slice(0, wanted.length),
    rest: positionals.slice(wanted.length).join(' '),
    flags,
    options: values,
    home: homeOf(env),
    sourceOf: (name) => sourceOf(name, given, env),
    streams,
    print,
    warn
  })
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

async function overview (): Promise<string> {
  const summaries = await Promise.all(Object.entries(commands).map(async ([name, load]) => [name, (await load()).summary]))
  return [
    'LoggerBot Server: logs in over HTTP, durable in your own database.',
    '',
    'Commands:',
    ...table(summaries),
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
