// The commands that move databases and logs.
import type { Command } from 'commander'
import { define, type Run } from '../define.ts'
import type { CopyOptions } from './copy.ts'

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
}
