/** Names of a single zone, by minutes east of UTC. IST and CST are missing: each names several zones. */
const names: Array<[minutes: number, names: string]> = [
  [0, 'z utc gmt ut uct zulu wet'], [60, 'west bst cet mez'], [120, 'cest mesz eet sast'], [180, 'eest msk'],
  [-180, 'brt'], [-240, 'edt'], [-300, 'est cdt'], [-360, 'mdt'], [-420, 'mst pdt'], [-480, 'pst akdt'],
  [-540, 'akst'], [-600, 'hst'],
  [480, 'hkt sgt awst'], [540, 'jst kst'], [570, 'acst'], [600, 'aest'], [630, 'acdt'], [660, 'aedt'],
  [720, 'nzst'], [780, 'nzdt']
]

const minutesOf = new Map(names.flatMap(([minutes, names]) => names.split(' ').map((name) => [name, minutes])))

/** Regular expression of these names, and of the ambiguous ones. */
export const zonePattern = `(?:${[...minutesOf.keys(), 'cst', 'ist'].map((name) => name.toUpperCase()).join('|')})`

/** Names of the IANA database; nearly all have a slash. */
const ianaName = /^[a-z]+(?:[/_+-][a-z0-9]+)+$/i

/**
 * Minutes that a zone is ahead of UTC; undefined if no zone has the name.
 * `local` is the time in that zone, in milliseconds as if it were UTC.
 */
export function zoneOffset (name: string, local: number): number | undefined {
  const lower = name.toLowerCase()
  const minutes = minutesOf.get(lower)
  if (minutes !== undefined) return minutes
  if (!ianaName.test(name)) return undefined
  const format = formatOf(lower)
  if (format === undefined) return undefined
  // The first offset may be from the wrong side of a clock change; the second is from the right side.
  const near = offsetAt(format, local)
  return offsetAt(format, local - near * 60_000)
}

function offsetAt (format: Intl.DateTimeFormat, instant: number): number {
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(instant)) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0))
}

/** A cached formatter: creating one is the slowest step here. The cache holds false for names of no zone. */
function formatOf (name: string): Intl.DateTimeFormat | undefined {
  let format = formats.get(name)
  if (format === undefined) {
    if (formats.size >= maxFormats) formats.clear()
    format = newFormat(name)
    formats.set(name, format)
  }
  return format || undefined
}

const formats = new Map<string, Intl.DateTimeFormat | false>()
const maxFormats = 100

function newFormat (timeZone: string): Intl.DateTimeFormat | false {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
