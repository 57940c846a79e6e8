// The commands that move databases and logs.
import type { Command } from 'commander'
import { define, type Run } from '../define.ts'
import type { CopyOptions } from './copy.ts'
import type { ImportOptions } from './import.ts'

export function defineTransfer (program: Command, run: Run): void {
  define(program, 'copy', {
    summary: 'copy everything to another database: loggerbot copy --to mysql://user:password@host:3306/name',
    details: `Stop the server first. The copy has the same logs, users, tokens and ids, and the same identity, so that
the spool belongs to it. The target is created if it is missing; it must be empty. An interrupted copy goes on where
it stopped when the command is run again; until it is finished, no server starts on the target. See
docs/operations.md.`
  })
    .requiredOption('--to <address>', 'the target: mysql://user:password@host:port/name or sqlite:FILE; without a ' +
      'password in it, LOGGER_DB_PASSWORD is used')
    .action(run(async (context, options: CopyOptions) => (await import('./copy.ts')).copyAll(context, options)))
  defineImport(program.command('import').summary('take over the logs of other systems'), run)
}

const importDetails = `Reads the source in the order of its ids. An interrupted import goes on where it stopped when the
command is run again within seven days with the same address; it stores each log once. Rows that can't become logs are
dead letters. The server may run meanwhile. See docs/operations.md.`

function defineImport (parent: Command, run: Run): void {
  addPace(define(parent, 'old-server', {
    summary: 'users and logs of the former server: loggerbot import old-server mysql://user:password@host/name',
    details: `The users keep their passwords and tokens. ${importDetails}`,
    usage: 'ADDRESS'
  })).action(run(async (context, address: string, options: ImportOptions) =>
    (await import('./import.ts')).importOldServer(context, address, options)))

  addPace(define(parent, 'system-events', {
    summary: 'syslog in the table SystemEvents of rsyslog: loggerbot import system-events ADDRESS --owner NAME',
    details: `Times are read as UTC. ${importDetails}`,
    usage: 'ADDRESS'
  })).requiredOption('--owner <user>', 'user who gets the logs')
    .action(run(async (context, address: string, options: ImportOptions & { owner: string }) =>
      (await import('./import.ts')).importSystemEvents(context, address, options)))

  addPace(define(parent, 'ndjson', {
    summary: 'files of loggerbot export, or with a JSON log on each line: loggerbot import ndjson FILE --owner NAME',
    details: `Each line is read as a line of loggerbot export, or else as POST /api/logs reads it. An interrupted import
goes on where it stopped when the command is run again within seven days; it stores each log once. Lines that can't
become logs are dead letters. The server may run meanwhile. See docs/operations.md.`,
    usage: '[FILE]'
  })).requiredOption('--owner <user>', 'user who gets the logs')
    .action(run(async (context, files: string[], options: ImportOptions & { owner: string }) =>
      (await import('./import.ts')).importNdjson(context, files, options)))
}

function addPace (command: Command): Command {
  return command
    .option('--rate <logs>', 'logs stored in a second, at most (default 5000)')
    .option('--position <path>', 'file that keeps the position (default: one in the folder of LOGGER_DB_FILE)')
}
