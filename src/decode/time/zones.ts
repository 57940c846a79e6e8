/** Names that mean one zone only, by minutes east of UTC. IST and CST mean several. */
const names: Array<[minutes: number, names: string]> = [
  [0, 'z utc gmt ut uct zulu wet'], [60, 'west bst cet mez'], [120, 'cest mesz eet sast'], [180, 'eest msk'],
  [-180, 'brt'], [-240, 'edt'], [-300, 'est cdt'], [-360, 'mdt'], [-420, 'mst pdt'], [-480, 'pst akdt'], [-540, 'akst'], [-600, 'hst'],
  [480, 'hkt sgt awst'], [540, 'jst kst'], [570, 'acst'], [600, 'aest'], [630, 'acdt'], [660, 'aedt'], [720, 'nzst'], [780, 'nzdt']
]

const minutesOf = new Map(names.flatMap(([minutes, names]) => names.split(' ').map((name) => [name, minutes])))

/** These names in a regular expression, also those that do not tell which zone they mean. */
export const zonePattern = `(?:${[...minutesOf.keys(), 'cst', 'ist'].map((name) => name.toUpperCase()).join('|')})`

/** A name of the IANA database has a slash, but for a few. */
const ianaName = /^[a-z]+(?:[/_+-][a-z0-9]+)+$/i

/**
 * Minutes that a zone is ahead of UTC; undefined where no zone has the name.
 * `local` is the time there, in milliseconds as if it were UTC.
 */
export function zoneOffset (name: string, local: number): number | undefined {
  const lower = name.toLowerCase()
  const minutes = minutesOf.get(lower)
  if (minutes !== undefined) return minutes
  if (!ianaName.test(name)) return undefined
  const format = formatOf(lower)
  if (format === undefined) return undefined
  // What is local seen as UTC may lie beyond a change of the clocks: the second look is from the right side of it.
  const near = offsetAt(format, local)
  return offsetAt(format, local - near * 60_000)
}

function offsetAt (format: Intl.DateTimeFormat, instant: number): number {
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(instant)) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0))
}

/** To make one takes longer than all else here; false stands for a name that is no zone's. */
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
