// The commands `loggerbot errors`.
import type { Command } from 'commander'
import { groupStates } from '../../alerts/group.ts'
import { expiryRule } from '../../query/expiry.ts'
import { define, type Run } from '../define.ts'
import type { MuteOptions, NoteOptions } from './change.ts'
import type { ListOptions, ShowOptions } from './read.ts'

export function defineErrors (errors: Command, run: Run): void {
  define(errors, 'list', {
    summary: 'list groups of errors, those with the latest error first',
    details: 'A group is named by its user and its ID. The server groups errors: docs/alerts.md.'
  })
    .option('--state <state>', `${groupStates.join(', ')}, or open, which is new, ongoing or regressed (default all)`)
    .option('--process <name>', 'the exact name of the process')
    .option('--owner <user>', 'groups of this user only')
    .option('-n, --lines <count>', 'number of groups, 1 to 200 (default 50)')
    .option('--json', 'print one JSON object per line')
    .action(run(async (context, options: ListOptions) => (await import('./read.ts')).listErrors(context, options)))

  define(errors, 'show', { summary: 'show a group of errors, and its changes', usage: 'USER ID' })
    .option('--json', 'print a JSON object')
    .action(run(async (context, user: string, id: string, options: ShowOptions) =>
      (await import('./read.ts')).showError(context, { user, id }, options)))

  defineChanges(errors, run)

  define(errors, 'explain', {
    summary: 'print which logs of standard input are one error: loggerbot errors explain < app.log',
    details: 'Needs no server. A line that is a JSON object is read as a log of POST /api/logs, any other line as a ' +
      'message. Prints one JSON object a line: key, the same for logs of one group; text, which <*> has for values.'
  }).action(run(async (context) => (await import('./explain.ts')).explainErrors(context)))
}

const states = [
  ['acknowledge', 'acknowledged', 'say that somebody knows of a group of errors'],
  ['resolve', 'resolved', 'end a group of errors; an error that happens later makes it regressed'],
  ['reopen', 'ongoing', 'undo acknowledge, mute or resolve']
] as const

function defineChanges (errors: Command, run: Run): void {
  for (const [name, state, summary] of states) {
    withNote(define(errors, name, { summary, usage: 'USER ID' }))
      .action(run(async (context, user: string, id: string, options: NoteOptions) =>
        (await import('./change.ts')).changeState(context, { user, id }, state, options)))
  }

  withNote(define(errors, 'mute', { summary: 'mute a group of errors, for ever or until something', usage: 'USER ID' }))
    .option('--until <time>', expiryRule)
    .option('--logs <count>', 'until this number of further logs came, 1 to 1000000000')
    .action(run(async (context, user: string, id: string, options: MuteOptions) =>
      (await import('./change.ts')).mute(context, { user, id }, options)))

  define(errors, 'merge', {
    summary: 'count a group of errors with another one of its user, whose state it shares then',
    usage: 'USER ID INTO'
  }).action(run(async (context, user: string, id: string, into: string) =>
    (await import('./change.ts')).merge(context, { user, id }, into)))

  define(errors, 'unmerge', { summary: 'undo merge', usage: 'USER ID' })
    .action(run(async (context, user: string, id: string) =>
      (await import('./change.ts')).unmerge(context, { user, id })))
}

function withNote (command: Command): Command {
  return command.option('--note <text>', 'why, for those who read the changes; 255 characters at most')
}
