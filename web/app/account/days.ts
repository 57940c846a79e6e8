/** Number of logs of a day (UTC). */
export interface DayCount {
  day: string
  logs: number
}

const shownDays = 14
const dayMs = 86_400_000

/** The last days until now, oldest first; those without logs, which the server leaves out, have none. */
export function lastDays (counted: readonly DayCount[], now: number): DayCount[] {
  const logsOf = new Map(counted.map(({ day, logs }) => [day, logs]))
  return Array.from({ length: shownDays }, (_, index) => {
    const day = new Date(now - (shownDays - 1 - index) * dayMs).toISOString().slice(0, 10)
    return { day, logs: logsOf.get(day) ?? 0 }
  })
}
