/** Minutes east of UTC, of the names that mean one zone only: IST, CST and the like mean several. */
const minutes: Record<string, number> = {
  z: 0,
  utc: 0,
  gmt: 0,
  ut: 0,
  uct: 0,
  zulu: 0,
  wet: 0,
  west: 60,
  bst: 60,
  cet: 60,
  mez: 60,
  cest: 120,
  mesz: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  est: -300,
  edt: -240,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  akst: -540,
  akdt: -480,
  hst: -600,
  jst: 540,
  kst: 540,
  hkt: 480,
  sgt: 480,
  awst: 480,
  acst: 570,
  acdt: 630,
  aest: 600,
  aedt: 660,
  nzst: 720,
  nzdt: 780,
  sast: 120,
  brt: -180
}

/** These names in a regular expression. CST may be one of them, though it tells nothing. */
export const zonePattern = `(?:${[...Object.keys(minutes), 'cst', 'ist'].map((name) => name.toUpperCase()).join('|')})`

/** A name of the IANA database has a slash, but for a few. */
const ianaName = /^[a-z]+(?:[/_+-][a-z0-9]+)+$/i

/**
 * Minutes that a zone is ahead of UTC; undefined where no zone has the name.
 * `local` is the time there, in milliseconds as if it were UTC.
 */
export function zoneOffset (name: string, local: number): number | undefined {
  const lower = name.toLowerCase()
  if (Object.hasOwn(minutes, lower)) return minutes[lower]
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
