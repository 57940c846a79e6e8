// Limits of what one channel is sent. They go by the times of the last hour, which are stored with the channel, so that
// another instance, and a server that starts again, obey them.

/** Times of the last hour, in milliseconds since 1970, the oldest first. */
export interface Recent {
  sends: readonly number[]
  edits: readonly number[]
}

interface Limit {
  count: number
  periodMs: number
}

const hourMs = 3_600_000
/** Telegram bears one message a second in a chat, and 20 a minute in a group; people bear less. */
const sendLimits: readonly Limit[] = [
  { count: 1, periodMs: 3000 }, { count: 6, periodMs: 60_000 }, { count: 30, periodMs: hourMs }
]
const editLimits: readonly Limit[] = [{ count: 1, periodMs: 15_000 }, { count: 20, periodMs: hourMs }]

export function recentOf (stored: string | null): Recent {
  return stored === null ? { sends: [], edits: [] } : JSON.parse(stored)
}

/** The first time, in milliseconds since 1970, at which a message may be sent. */
export function nextSendMs ({ sends }: Recent, nowMs: number): number {
  return nextMs(sends, sendLimits, nowMs)
}

/** The first time at which a message may be edited. */
export function nextEditMs ({ edits }: Recent, nowMs: number): number {
  return nextMs(edits, editLimits, nowMs)
}

function nextMs (times: readonly number[], limits: readonly Limit[], nowMs: number): number {
  const known = lastHour(times, nowMs)
  const ends = limits.map(({ count, periodMs }) => (known.at(-count) ?? -Infinity) + periodMs)
  return Math.max(nowMs, ...ends)
}

/** The recent times with one more of a kind. */
export function withTime (recent: Recent, kind: keyof Recent, nowMs: number): Recent {
  return {
    sends: lastHour(recent.sends, nowMs),
    edits: lastHour(recent.edits, nowMs),
    [kind]: [...lastHour(recent[kind], nowMs), nowMs]
  }
}

/** Leaves out later times, too: the clock was set back since. */
function lastHour (times: readonly number[], nowMs: number): number[] {
  return times.filter((time) => time <= nowMs && time > nowMs - hourMs)
}
