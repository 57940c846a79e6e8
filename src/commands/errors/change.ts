import { mergeGroup, setState, type WantedState } from '../../alerts/changes.ts'
import { BadRequest, UsageError } from '../../errors.ts'
import { expiryOf } from '../../query/expiry.ts'
import { databaseNow } from '../../store/clock-doubt.ts'
import { commandLine, type Context } from '../context.ts'
import { onGroup, requireId, type NamedGroup } from './group.ts'

export interface NoteOptions {
  note?: string
}

export interface MuteOptions extends NoteOptions {
  until?: string
  logs?: string
}

const maxNoteCharacters = 255
const maxMutedLogs = 1_000_000_000
const byCommand = { by: commandLine, source: 'command' } as const

/** Gives a group of errors a state. */
export async function changeState (
  context: Context, group: NamedGroup, state: 'acknowledged' | 'resolved' | 'ongoing', { note }: NoteOptions
): Promise<void> {
  await change(context, group, note, async () => ({ state }))
}

/** Mutes a group of errors. */
export async function mute (context: Context, group: NamedGroup, { until, logs, note }: MuteOptions): Promise<void> {
  const count = logs === undefined ? null : Number(logs)
  if (count !== null && !(/^\d{1,10}$/.test(`${logs}`) && count >= 1 && count <= maxMutedLogs)) {
    throw new UsageError(`--logs must be a whole number, 1 to ${maxMutedLogs}`)
  }
  await change(context, group, note, async (now) => ({
    state: 'muted', untilAt: until === undefined ? null : readUntil(until, now), logs: count
  }))
}

function readUntil (until: string, now: number) {
  try {
    return expiryOf('--until', until, now)
  } catch (error) {
    throw error instanceof BadRequest ? new UsageError(error.message) : error
  }
}

async function change (
  context: Context, { user, id }: NamedGroup, note = '', wanted: (now: number) => Promise<WantedState>
): Promise<void> {
  if (note.length > maxNoteCharacters) throw new UsageError(`--note must have ${maxNoteCharacters} characters at most`)
  const { state } = await onGroup(context, { user, id }, async (knex, group) => {
    const next = await wanted(await databaseNow(knex))
    return await setState(knex, { ...group, ...byCommand }, next, note) && next
  })
  context.print(`${id} of ${user} is ${state}`)
}

/** Counts a group of errors with another one. */
export async function merge (context: Context, { user, id }: NamedGroup, into: string): Promise<void> {
  requireId('INTO', into)
  await onGroup(context, { user, id }, (knex, group) => mergeGroup(knex, { ...group, ...byCommand }, into))
  context.print(`${id} of ${user} counts with ${into}`)
}

/** Takes a group of errors out of the one that it was merged into. */
export async function unmerge (context: Context, { user, id }: NamedGroup): Promise<void> {
  await onGroup(context, { user, id }, (knex, group) => mergeGroup(knex, { ...group, ...byCommand }, null))
  context.print(`${id} of ${user} counts by itself`)
}
