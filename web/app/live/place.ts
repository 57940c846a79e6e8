// Places of the feed: the ids of its events, in the order in which all instances of the server see them.

/** Days for which the server goes on after a place, and a margin for what is under way. */
const keptMs = 7 * 86_400_000 - 3_600_000

/** Compares two places of the feed: negative where the first one is before the second. */
export function comparePlaces (one: string, other: string): number {
  const [parts, others] = [one.split('-'), other.split('-')]
  for (const index of [0, 1, 2, 3]) {
    const [part = '', against = ''] = [parts[index], others[index]]
    if (part === against) continue
    // Times and keys are of one length each; users and indices are numbers.
    return index % 2 === 0 ? (part < against ? -1 : 1) : Number(part) - Number(against)
  }
  return 0
}

/** When the logs at a place were stored, by the clock of the database; ISO 8601. */
export function timeOf (place: string): string {
  const [, date, hour, minute, second, fraction] = /^(\d{8})(\d\d)(\d\d)(\d\d)(\d{6})/.exec(place) ?? []
  const day = `${date?.slice(0, 4)}-${date?.slice(4, 6)}-${date?.slice(6)}`
  return `${day}T${hour}:${minute}:${second}.${fraction}Z`
}

/** Whether the server may no longer know all that came after a place. */
export function isForgotten (place: string, now: number): boolean {
  return now - Date.parse(timeOf(place)) > keptMs
}
