// When a rule tells of a change: not while it cools down, and only hourly where a subject changes all the time.
import type { UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import type { AlertKind } from '../alert.ts'

/** Kinds that undo each other: the same again after a cool-down is no change. */
const opposites: ReadonlySet<AlertKind> = new Set(['silent', 'back'])
/** This many changes within an hour are told hourly from then on. */
const maxChangesPerHour = 4
const hourMs = 3_600_000

/** What was told of a subject, and what is to be told. */
export interface Voice {
  /** Times of the last changes. */
  changes: UtcTime[]
  toldAt?: UtcTime
  told?: AlertKind
  /** The last change, where it waits. */
  untold?: AlertKind
}

export const silent: Voice = { changes: [] }

/** What to tell now. */
export interface Spoken {
  voice: Voice
  told?: AlertKind
  note?: string
}

/** Notes a change; it is told at once, or when `spokenAfter` says so. */
export function speak (before: Voice, kind: AlertKind, now: UtcTime, coolDownMs: number): Spoken {
  const changes = [...before.changes, now].slice(-maxChangesPerHour)
  const voice = { ...before, changes, untold: kind }
  if (isRestless(voice, now) && !isRestless(before, now)) {
    return tell(voice, kind, now, 'It changes often: from now on it is told once an hour.')
  }
  return spokenAfter(voice, now, coolDownMs)
}

/** Tells the change that waits, if its time has come and it is not what was told last. */
export function spokenAfter (voice: Voice, now: UtcTime, coolDownMs: number): Spoken {
  const { untold, told } = voice
  if (untold === undefined || now < waitsUntil(voice, now, coolDownMs)) return { voice }
  if (untold === told && opposites.has(untold)) return { voice: { ...voice, untold: undefined } }
  return tell(voice, untold, now)
}

/** Until when a change waits that comes now. */
export function waitsUntil (voice: Voice, now: UtcTime, coolDownMs: number): UtcTime {
  if (voice.toldAt === undefined) return now
  return shift(voice.toldAt, isRestless(voice, now) ? hourMs : coolDownMs)
}

function tell (voice: Voice, told: AlertKind, now: UtcTime, note?: string): Spoken {
  return { voice: { changes: voice.changes, toldAt: now, told }, told, note }
}

function isRestless ({ changes }: Voice, now: UtcTime): boolean {
  const [oldest] = changes
  return changes.length === maxChangesPerHour && oldest !== undefined && shift(oldest, hourMs) > now
}
