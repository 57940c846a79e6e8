// Lengths of time in words: the two largest units that matter.

type Unit = 'day' | 'hour' | 'minute' | 'second' | 'millisecond'

const units: ReadonlyArray<readonly [unit: Unit, milliseconds: number]> =
  [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000], ['millisecond', 1]]

const formats = new Map<string, Intl.NumberFormat>()

/** A number of a unit, such as `2.4 sec`. */
function formatOf (language: string, unit: Unit, maximumFractionDigits: 0 | 1): Intl.NumberFormat {
  const key = `${language} ${unit} ${maximumFractionDigits}`
  const format = formats.get(key) ??
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits })
  formats.set(key, format)
  return format
}

/** `12 ms`, `2.4 sec`, `3 min 12 sec`, `2 days`, in the language. */
export function durationOf (milliseconds: number, language: string): string {
  const format = (value: number, unit: Unit) => (
    formatOf(language, unit, unit === 'second' && milliseconds < 10_000 ? 1 : 0).format(value)
  )
  const place = units.findIndex(([, length]) => milliseconds >= length)
  const [unit, length] = units[place] ?? ['millisecond', 1] as const
  if (unit === 'second' || unit === 'millisecond') return format(milliseconds / length, unit)
  const whole = Math.floor(milliseconds / length)
  const [nextUnit, nextLength] = units[place + 1] ?? ['millisecond', 1] as const
  const rest = Math.floor((milliseconds - whole * length) / nextLength)
  return rest === 0 ? format(whole, unit) : `${format(whole, unit)} ${format(rest, nextUnit)}`
}
