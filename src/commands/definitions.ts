// The commands of `loggerbot`: their names, arguments and flags. The code of each is imported when it is called, so
// that a search in the terminal does not load a whole server.
import { Option, type Command } from 'commander'
import { settingsTable, type SettingName } from '../config.ts'
import { expiryRule } from '../query/expiry.ts'
import { onceRule } from '../query/once.ts'
import type { AlertsOptions } from './alerts.ts'
import type { AuditOptions } from './audit.ts'
import type { AddUserOptions } from './user.ts'
import type { AddTokenOptions } from './token.ts'
import { define, type Run } from './define.ts'
import { defineErrors } from './errors/definitions.ts'
import { defineRules } from './rules/definitions.ts'
import type { ExportOptions } from './export.ts'
import type { RetentionOptions } from './retention.ts'
import type { SearchOptions } from './search.ts'
import type { SendOptions } from './send.ts'
import { defineTransfer } from './transfer/definitions.ts'
import type { ServeOptions } from './serve.ts'
import type { TailOptions } from './tail.ts'

const serverFlags: Record<string, SettingName> = Object.fromEntries(
  settingsTable.flatMap(({ name, flag }) => flag === undefined ? [] : [[flag, name]]))
const clientFlags: Record<string, SettingName> = { server: 'LOGGER_SERVER', token: 'LOGGER_TOKEN' }
/** Flags of one command that mean another setting than elsewhere, or none elsewhere. */
const specialFlags: Record<string, Record<string, SettingName>> = {
  'setup-database': { port: 'LOGGER_DB_PORT' },
  send: clientFlags,
  search: clientFlags,
  tail: clientFlags,
  export: clientFlags
}

/** The flags of settings that a command has, and the setting that each one means. */
export function settingFlagsOf (name: string): Record<string, SettingName> {
  return { ...serverFlags, ...specialFlags[name] }
}

export function defineCommands (program: Command, run: Run): void {
  defineServer(program, run)
  defineTransfer(program, run)
  defineSend(program, run)
  defineClient(program, run)
  defineUsers(program.command('user').summary('manage users'), run)
  defineTokens(program.command('token').summary('manage tokens'), run)
  defineLogs(program, run)
  defineDeadLetters(program.command('dead-letters').summary('manage dead letters'), run)
  defineSpool(program.command('spool').summary('manage the spool'), run)
  defineRules(program.command('rules').summary('manage rules of alerts'), run)
  defineAlerts(program, run)
  defineErrors(program.command('errors').summary('groups of errors'), run)
  defineCompletion(program, run)
}

function defineServer (program: Command, run: Run): void {
  define(program, 'serve', { summary: 'take logs in over HTTP until SIGINT or SIGTERM (run by npm start)' })
    .option('--migrate', 'bring the tables of a MySQL database up to date first')
    .addOption(new Option('--worker').hideHelp())
    .action(run(async (context, options: ServeOptions) => (await import('./serve.ts')).serve(context, options)))

  define(program, 'setup-database', {
    summary: 'create the database if it is missing, and its tables',
    details: `Here --port is the port of MySQL, as --db-port is. The login needs CREATE, CREATE VIEW, ALTER, DROP,
INDEX, SELECT, INSERT, UPDATE and DELETE on the database; serving needs only the last four, and CREATE, ALTER and
DROP if the logs are partitioned (loggerbot partitions). To grant them, as an administrator:

  CREATE USER 'user'@'localhost' IDENTIFIED BY 'password';
  GRANT ALL ON loggerbot.* TO 'user'@'localhost';`
  }).action(run(async (context) => (await import('./setup-database.ts')).setupDatabase(context)))

  define(program, 'migrate', { summary: 'bring the tables of an existing database up to date' })
    .action(run(async (context) => (await import('./migrate.ts')).migrate(context)))
}

function defineSend (program: Command, run: Run): void {
  define(program, 'send', {
    summary: 'send logs of files or standard input: tail -F app.log | loggerbot send --process app',
    details: `Each line is a log; lines that are JSON are read as JSON. Indented lines and those of stack traces belong
to the log before them. Waits for the server as long as it takes. Exit code 0: all logs are stored, each once.
The server (--server) and a token with scope write (--token) may also stand in the environment, in .env or in
~/.config/loggerbot/client.env.

  loggerbot send app.log --follow --position app.position --process app`,
    usage: '[FILE]'
  })
    .option('--process <name>', 'process of the logs that name none')
    .option('--level <level>', 'level of the logs that have none (default info)')
    .option('--description <text>', 'description of the logs that have none')
    .option('--follow', 'go on when the file grows, is renamed or truncated; takes one file')
    .option('--position <path>', 'file that keeps the position, to go on there after a restart; takes one file')
    .option('--no-join', 'make each line a log, those of stack traces, too')
    .action(run(async (context, files: string[], options: SendOptions) =>
      (await import('./send.ts')).sendLogs(context, files, options)))
}

const clientDetails = 'The server (--server) and a token with scope read (--token) may also stand in ' +
  'the environment, in .env or in ~/.config/loggerbot/client.env. The query language: docs/querying.md.'

function addRange (command: Command): Command {
  return command
    .option('--from <time>', 'start: an ISO 8601 time, a day, or an age: -15m, -1h, -7d')
    .option('--to <time>', 'end, exclusive; as --from')
}

function addOwner (command: Command): Command {
  return command.option('--owner <user>', 'for administrators: search the logs of this user only')
}

function defineClient (program: Command, run: Run): void {
  const search = define(program, 'search', {
    summary: 'search logs: loggerbot search level:error payment --from -1h',
    details: `Prints the newest matches, in the order in which they happened. ${clientDetails}`,
    usage: '[QUERY]'
  })
  addOwner(addRange(search))
    .option('-n, --lines <count>', 'number of logs, 1 to 100000 (default 100)')
    .option('--attributes', 'print the attributes of each log, too')
    .option('--json', 'print one JSON object per line')
    .action(run(async (context, words: string[], options: SearchOptions) =>
      (await import('./search.ts')).searchLogs(context, words.join(' '), options)))

  const tail = define(program, 'tail', {
    summary: 'follow logs as they are stored: loggerbot tail level:>=warning',
    details: `Starts with the last ten. Resumes by itself when the connection is lost. ${clientDetails}`,
    usage: '[QUERY]'
  })
  addOwner(tail)
    .option('-n, --lines <count>', 'number of past logs to start with (default 10)')
    .option('--attributes', 'print the attributes of each log, too')
    .option('--json', 'print one JSON object per line')
    .action(run(async (context, words: string[], options: TailOptions) =>
      (await import('./tail.ts')).tailLogs(context, words.join(' '), options)))

  const exportCommand = define(program, 'export', {
    summary: 'write all logs that match a query to standard output',
    details: 'The oldest first, any number of them. They are written unchanged; on a terminal, unsafe characters are ' +
      `escaped. ${clientDetails}`,
    usage: '[QUERY]'
  })
  addOwner(addRange(exportCommand))
    .option('--format <format>', 'ndjson, csv or text (default ndjson)')
    .option('--formulas <rule>', 'guard: in csv, put an apostrophe before text that a spreadsheet would run ' +
      'as a formula (default keep)')
    .option('--columns <names>', 'fields and attributes to write, such as at,level,message,order.id ' +
      '(default all fields)')
    .option('-n, --lines <count>', 'write the first logs, up to this number (default all)')
    .action(run(async (context, words: string[], options: ExportOptions) =>
      (await import('./export.ts')).exportLogs(context, words.join(' '), options)))
}

function defineUsers (user: Command, run: Run): void {
  define(user, 'add', {
    summary: 'create a user; prints their token and a curl command that sends a log',
    details: 'On a terminal, asks for the password and generates one if it is left empty; elsewhere generates one.',
    usage: 'NAME'
  }).option('--tel-id <id>', 'the user\'s Telegram chat id')
    .option('--admin', 'the user may read the logs of all users, and administer the server')
    .option('--password-stdin', 'read the password from standard input')
    .action(run(async (context, name: string, options: AddUserOptions) =>
      (await import('./user.ts')).addUser(context, name, options)))

  define(user, 'list', { summary: 'list the users' })
    .action(run(async (context) => (await import('./user.ts')).listUsers(context)))

  define(user, 'password', {
    summary: 'change a user\'s password; prints their new token for POST /send_logs',
    details: 'Their sessions end; random tokens stay. On a terminal, asks for the password and generates one if it ' +
      'is left empty; elsewhere generates one.',
    usage: 'NAME'
  }).option('--password-stdin', 'read the password from standard input')
    .action(run(async (context, name: string, options: { passwordStdin?: boolean }) =>
      (await import('./user.ts')).setPassword(context, name, options)))

  define(user, 'disable', { summary: 'disable a user, within a second; their logs stay', usage: 'NAME' })
    .action(run(async (context, name: string) => (await import('./user.ts')).disableUser(context, name)))

  define(user, 'enable', { summary: 'enable a disabled user', usage: 'NAME' })
    .action(run(async (context, name: string) => (await import('./user.ts')).enableUser(context, name)))

  define(user, 'admin', {
    summary: 'on: make a user an administrator, who reads all logs and manages users; off: undo it',
    usage: 'NAME on|off'
  }).action(run(async (context, name: string, state: string) =>
    (await import('./user.ts')).setAdministrator(context, name, state)))

  define(user, 'retention', {
    summary: 'set the number of days that a user\'s logs are kept: a number, 0 (for ever) or default',
    usage: 'NAME DAYS'
  }).action(run(async (context, name: string, days: string) =>
    (await import('./user.ts')).setUserRetention(context, name, days)))
}

function defineTokens (token: Command, run: Run): void {
  define(token, 'add', { summary: 'make a token for a user\'s programs; prints it, once', usage: 'USER NAME' })
    .option('--scopes <scopes>', 'what the token allows: read, write or read,write (default read)')
    .option('--expires <time>', `${expiryRule} (default never)`)
    .option('--once <window>', 'for shippers that regroup logs when they retry: store each log once within ' +
      `${onceRule} (default: however often it is sent)`)
    .action(run(async (context, user: string, name: string, options: AddTokenOptions) =>
      (await import('./token.ts')).addToken(context, { user, name }, options)))

  define(token, 'list', { summary: 'list a user\'s tokens and when they were last used', usage: 'USER' })
    .action(run(async (context, user: string) => (await import('./token.ts')).listTokens(context, user)))

  define(token, 'revoke', { summary: 'revoke a token, within a second', usage: 'USER ID' })
    .action(run(async (context, user: string, id: string) =>
      (await import('./token.ts')).revokeToken(context, user, id)))
}

function defineLogs (program: Command, run: Run): void {
  define(program, 'retention', {
    summary: 'delete expired logs, as the server does hourly',
    details: 'Logs expire after LOGGER_RETENTION_DAYS, or after the days set by loggerbot user retention.'
  }).option('--dry-run', 'print how many logs would be deleted, and delete none')
    .option('--trust-clock', 'delete by age although the clock seems wrong: you checked it, and it is right')
    .action(run(async (context, options: RetentionOptions) =>
      (await import('./retention.ts')).deleteExpired(context, options)))

  define(program, 'audit', {
    summary: 'print who changed what: users, tokens, deletions',
    details: 'The newest first, one JSON object per line: id, createdAt (UTC), caller, action, logs, detail.'
  }).option('-n, --lines <count>', 'number of entries, 1 to 99999 (default 100)')
    .action(run(async (context, options: AuditOptions) => (await import('./audit.ts')).printAudit(context, options)))

  define(program, 'partitions', {
    summary: 'on: partition the logs by time (MySQL), so that expired ones are dropped at once, ' +
      'with their files; off: undo it',
    details: 'The table is copied; meanwhile new logs wait, or go to the spool. Refused on MariaDB, which does not ' +
      'sync the file that lists the partitions: a power cut could leave the logs unreadable.',
    usage: 'on|off'
  }).action(run(async (context, state: string) =>
    (await import('./partitions.ts')).setPartitions(context, state)))
}

function defineAlerts (program: Command, run: Run): void {
  define(program, 'alerts', {
    summary: 'list alerts, the newest first, and what became of them on each channel',
    details: 'With --failed, those that were given up or wait after a failed try, and what to do about each cause.'
  }).option('--failed', 'only messages that could not be delivered')
    .option('--owner <user>', 'alerts of this user only')
    .option('-n, --lines <count>', 'number of alerts, 1 to 200 (default 50)')
    .option('--json', 'print one JSON object per line')
    .action(run(async (context, options: AlertsOptions) =>
      (await import('./alerts.ts')).listDeliveries(context, options)))
}

function defineDeadLetters (letters: Command, run: Run): void {
  define(letters, 'list', {
    summary: 'list dead letters: accepted, but refused by the database as logs',
    details: 'The oldest first, one JSON object per line: id, userId, createdAt (UTC), source, reason, record.'
  }).action(run(async (context) => (await import('./dead-letters.ts')).listDeadLetters(context)))

  define(letters, 'replay', {
    summary: 'retry storing dead letters after fixing the cause',
    details: 'Those that are refused again stay. Records that the spool lost to a damaged disk, and those that ' +
      'were too long to keep whole, cannot be replayed.'
  }).action(run(async (context) => (await import('./dead-letters.ts')).replayDeadLetters(context)))

  define(letters, 'delete', { summary: 'delete a dead letter', usage: 'ID' })
    .action(run(async (context, id: string) =>
      (await import('./dead-letters.ts')).deleteDeadLetter(context, id)))
}

function defineSpool (spool: Command, run: Run): void {
  define(spool, 'list', {
    summary: 'list spooled logs of other databases in the folder of the spool',
    details: 'A server leaves them alone. One JSON object per line: database, folder, segments, bytes.'
  }).action(run(async (context) => (await import('./spool.ts')).listForeignSpools(context)))

  define(spool, 'move', {
    summary: 'move spooled logs of another database to a folder of their own',
    details: 'A server of that database, started with LOGGER_SPOOL_DIR=FOLDER, stores them.',
    usage: 'DATABASE FOLDER'
  }).action(run(async (context, database: string, folder: string) =>
    (await import('./spool.ts')).moveForeignSpool(context, database, folder)))

  define(spool, 'drop', { summary: 'delete spooled logs of another database, for good', usage: 'DATABASE' })
    .action(run(async (context, database: string) =>
      (await import('./spool.ts')).dropForeignSpool(context, database)))

  define(spool, 'kept', {
    summary: 'list kept files: logs that the database accepts neither as logs nor as dead letters',
    details: 'The oldest first, one JSON object per line: file, bytes, userId, logs, rejected. ' +
      'A damaged file has no userId.'
  }).action(run(async (context) => (await import('./spool.ts')).listKeptFiles(context)))

  define(spool, 'replay', {
    summary: 'retry storing kept files after fixing the cause',
    details: 'Files that are refused again stay, and so do damaged ones. The logs of a user that were deleted ' +
      'meanwhile come back: delete their files first.'
  }).action(run(async (context) => (await import('./spool.ts')).replayKeptFiles(context)))

  define(spool, 'forget', { summary: 'delete a kept file, for good', usage: 'FILE' })
    .action(run(async (context, file: string) => (await import('./spool.ts')).deleteKeptFile(context, file)))
}

function defineCompletion (program: Command, run: Run): void {
  define(program, 'completion', {
    summary: 'print a script that completes commands and flags in a shell',
    details: `bash: source <(loggerbot completion bash)
zsh: source <(loggerbot completion zsh), after compinit
fish: loggerbot completion fish | source`,
    usage: 'bash|zsh|fish'
  }).action(run(async (context, shell: string) =>
    (await import('./completion.ts')).printCompletion(context, program, shell)))
}
