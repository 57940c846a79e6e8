import { groupStates, openStates, type GroupState } from '../../alerts/group.ts'
import { present, presentChange, type PresentedChange, type PresentedGroup } from '../../alerts/present.ts'
import { changesOfGroup, findGroup, listGroups } from '../../alerts/read.ts'
import { UsageError } from '../../errors.ts'
import { printableJson, printableLine } from '../../query/format.ts'
import { databaseNow } from '../../store/clock-doubt.ts'
import type { Context } from '../context.ts'
import { withTables } from '../database.ts'
import { tableLines } from '../table.ts'
import { onGroup, userIdOf, type NamedGroup } from './group.ts'

export interface ShowOptions {
  json?: boolean
}

export interface ListOptions extends ShowOptions {
  state?: string
  process?: string
  owner?: string
  lines?: string
}

const maxGroups = 200
const maxChanges = 100
/** Characters of a text in the table. */
const maxTextCharacters = 100

/** Lists groups of errors. */
export async function listErrors (
  { settings, print }: Context, { state, process, owner, lines = '50', json = false }: ListOptions
): Promise<void> {
  const states = readStates(state)
  if (!/^[1-9]\d{0,2}$/.test(lines) || Number(lines) > maxGroups) {
    throw new UsageError(`--lines must be a whole number, 1 to ${maxGroups}`)
  }
  const groups = await withTables(settings, async (knex) => {
    const userId = owner === undefined ? undefined : await userIdOf(knex, owner)
    const page = await listGroups(knex, { userId, states, process, limit: Number(lines) })
    return await present(knex, page, await databaseNow(knex))
  })
  const rows = json ? groups.map((group) => printableJson(JSON.stringify(group))) : tableOf(groups)
  for (const row of rows) print(row)
}

function readStates (text: string | undefined): readonly GroupState[] {
  if (text === 'open') return openStates
  const states = groupStates.filter((state) => text === undefined || state === text)
  if (states.length === 0) throw new UsageError(`--state must be ${groupStates.join(', ')} or open`)
  return states
}

function tableOf (groups: readonly PresentedGroup[]): string[] {
  return tableLines([
    ['USER', 'ID', 'STATE', 'LEVEL', 'LOGS', 'LAST (UTC)', 'PROCESS', 'TEXT'],
    ...groups.map(({ user, id, state, level, logs, last, process, text }) => [
      printableLine(user),
      id,
      state,
      level,
      logs,
      shortTime(last),
      printableLine(process),
      printableLine(text.slice(0, maxTextCharacters).toWellFormed().replaceAll('\n', ' '))
    ])
  ])
}

/** Shows a group of errors. */
export async function showError (
  context: Context, { user, id }: NamedGroup, { json = false }: ShowOptions
): Promise<void> {
  const { group, changes } = await onGroup(context, { user, id }, async (knex, { userId, key }) => {
    const found = await findGroup(knex, userId, key)
    const [group] = found ? await present(knex, [found], await databaseNow(knex)) : []
    return group && { group, changes: (await changesOfGroup(knex, userId, key, maxChanges)).map(presentChange) }
  })
  if (json) return context.print(printableJson(JSON.stringify({ ...group, changes })))
  for (const line of [...factsOf(group), '', ...changesTable(changes)]) context.print(line)
}

function factsOf (group: PresentedGroup): string[] {
  const { id, user, process, text, level, state, stateSince, until, logs, first, last, samples, merged } = group
  const ends = [until?.time && shortTime(until.time), until?.logs && `${until.logs} further logs`].filter(Boolean)
  return tableLines([
    ['id', id],
    ['user', printableLine(user)],
    ['process', printableLine(process)],
    ...text.split('\n').map((line, index) => [index === 0 ? 'text' : '', printableLine(line)]),
    ['level', level],
    ['state', `${state} since ${shortTime(stateSince)}${ends.length > 0 ? `, until ${ends.join(' or ')}` : ''}`],
    ['logs', `${logs}, from ${shortTime(first)} to ${shortTime(last)} UTC`],
    ['samples', samples.join(', ')],
    ['merged', merged.join(', ')]
  ]).filter((line) => line.includes('  '))
}

function changesTable (changes: readonly PresentedChange[]): string[] {
  return tableLines([
    ['TIME (UTC)', 'STATE', 'BY', 'SOURCE', 'NOTE'],
    ...changes.map(({ at, state, by, source, note }) => [
      shortTime(at), state, printableLine(by), source, printableLine(note)
    ])
  ])
}

/** `2026-11-27 08:20:00` */
function shortTime (time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}
