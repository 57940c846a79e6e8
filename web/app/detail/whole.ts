import { request } from '../api/client.ts'
import type { Log } from '../api/types.ts'

/** The log that was asked for last. */
let last: { log: Log, whole: Promise<Log> } | undefined

/** A log with all that the list cut. It is read once, even if it is asked for before it is opened. */
export function wholeOf (log: Log): Promise<Log> {
  if (!log.cut) return Promise.resolve(log)
  if (last?.log === log) return last.whole
  const whole = request<Log>(`api/logs/${log.id}`)
  last = { log, whole }
  // After a failure it is read again.
  whole.catch(() => { if (last?.whole === whole) last = undefined })
  return whole
}
