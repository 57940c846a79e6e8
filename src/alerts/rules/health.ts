// Rules of kind server: problems of the server itself, told when they last, and when they are over.
//
//   (none) ──(a problem)──→ seen ──(30 s)──→ told ──(it is gone)──→ ending ──(5 min)──→ (none): told, "over"
//     ↑                       │                ↑──(it is back)────────┘
//     └──────(it is gone)─────┘
import type { Knex } from 'knex'
import { millisecondsOf, type UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import { deadLettersOf, maxCounted } from '../../store/dead-letters.ts'
import { currentProblems, type ProblemKind } from '../problems.ts'
import { cut, type Draft } from './draft.ts'
import type { RuleOf } from './rule.ts'
import { deleteStates, statesOfRule, storeStates, type RuleState } from './states.ts'

/** Waits in milliseconds, so that what comes and goes is not told. */
const lastsMs = 30_000
const overMs = 5 * 60_000
const spoolMs = 5 * 60_000
/** A follower that is farther behind than this is a problem, in seconds. */
const maxBehindSeconds = 60
/** Channels that are named. */
const maxChannels = 5

type Trouble = ProblemKind | 'dead letters' | 'behind' | 'channel'

const titles: Record<Trouble, string> = {
  spool: 'Logs wait in the spool',
  disk: 'A disk is nearly full',
  retention: 'Expired logs are not deleted',
  'dead letters': 'Records could not be stored as logs',
  behind: 'Alerts are late',
  channel: 'A channel of alerts is broken'
}
const troubles = ['spool', 'disk', 'retention', 'dead letters', 'behind', 'channel'] as const satisfies Trouble[]

/** What is wrong with the server: a sentence for each trouble. */
export async function findTroubles (knex: Knex, behindSeconds: number, now: UtcTime): Promise<Map<Trouble, string>> {
  const found = new Map<Trouble, string>()
  for (const { kind, detail, fromAt } of await currentProblems(knex, now)) {
    const lasts = kind !== 'spool' || millisecondsOf(now) - millisecondsOf(fromAt) > spoolMs
    if (lasts) found.set(kind, [found.get(kind), detail].filter((text) => text).join('; '))
  }
  const letters = await deadLettersOf(knex).count()
  if (letters > 0) {
    found.set('dead letters', `${letters === maxCounted ? 'At least ' : ''}${letters} in the list of dead letters.`)
  }
  if (behindSeconds > maxBehindSeconds) {
    found.set('behind', `They are ${Math.round(behindSeconds)} s behind what is stored.`)
  }
  const channels: Array<{ name: string, username: string }> = await knex('alert_channels')
    .join('users', 'users.id', 'alert_channels.user_id').where('state', 'broken').orderBy('alert_channels.id')
    .limit(maxChannels).select('name', 'username')
  if (channels.length > 0) {
    found.set('channel', channels.map(({ name, username }) => `${name} of ${username}`).join(', '))
  }
  return found
}

/** Brings the states of a rule up to date with what is wrong; resolves to what is told. */
export async function tellTroubles (
  transaction: Knex, rule: RuleOf<'server'>, found: ReadonlyMap<Trouble, string>, now: UtcTime
): Promise<Draft[]> {
  const known = await statesOfRule(transaction, rule.id, troubles.length)
  const states = new Map(known.map((state) => [state.subject, state]))
  const drafts: Draft[] = []
  for (const trouble of troubles) {
    const before = states.get(trouble)
    const detail = found.get(trouble)
    const next = stateAfter({ rule, trouble, isThere: detail !== undefined }, before, now)
    if (next && next !== before) await storeStates(transaction, [next])
    else if (!next && before) await deleteStates(transaction, [before])
    const isTold = next?.state === 'told' && before?.state === 'seen'
    const isOver = !next && before?.state === 'ending'
    if (!isTold && !isOver) continue
    const title = cut(isOver ? `Over: ${titles[trouble]}` : titles[trouble])
    const note = detail && cut(detail)
    drafts.push({ rule, subject: trouble, kind: 'server', detail: { title, note, logs: 0, samples: [] } })
  }
  return drafts
}

function stateAfter (
  { rule, trouble, isThere }: { rule: RuleOf<'server'>, trouble: Trouble, isThere: boolean },
  before: RuleState | undefined, now: UtcTime
): RuleState | undefined {
  const fresh = { ruleId: rule.id, subject: trouble, sinceAt: now, dueAt: null, detail: {} }
  const hasPassed = (ms: number) => before !== undefined && shift(before.sinceAt, ms) <= now
  if (!before) return isThere ? { ...fresh, state: 'seen' } : undefined
  switch (before.state) {
    case 'seen':
      if (!isThere) return undefined
      return hasPassed(lastsMs) ? { ...fresh, state: 'told' } : before
    case 'told': return isThere ? before : { ...fresh, state: 'ending' }
    default:
      if (isThere) return { ...fresh, state: 'told' }
      return hasPassed(overMs) ? undefined : before
  }
}
