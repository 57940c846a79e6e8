import { severities, type Severity } from '../../model/record.ts'
import { severityOfText } from './names.ts'

/** A logger or system whose numbers are known. */
export type Scale = keyof typeof scales

/** Facts that a sender gives beside a level. */
export interface LevelEvidence {
  /** Scale of the protocol's or logger's numbers; without one the number's size decides. */
  scale?: Scale
  /** The level's name, if it has a field of its own: `level_name`, `levelname`, `severity_text`. */
  name?: unknown
}

/** Characters; a longer text is not a level. */
const maxLevelLength = 64

/**
 * The severity of a level from any protocol but POST /send_logs; undefined if it is not understood.
 *
 * A level is a name, a number, digits as text, or an object with a name or a number (log4js: `{ level: 40000, levelStr:
 * 'ERROR' }`, loguru: `{ name: 'ERROR', no: 40 }`). The number of a given scale decides first, then a name beside it,
 * then the number's size. If the result is undefined, the caller keeps the value and uses info.
 */
export function severityOf (value: unknown, { scale, name }: LevelEvidence = noEvidence): Severity | undefined {
  if (typeof value === 'string') return severityOfKnownText(value) ?? severityOfNumber(numberOf(value), scale, name)
  if (typeof value === 'number') return severityOfNumber(value, scale, name)
  if (typeof value !== 'object' || value === null) return severityOfNameBeside(name)
  return severityOfObject(value as Record<string, unknown>) ?? severityOfNameBeside(name)
}

const noEvidence: LevelEvidence = {}

function severityOfNumber (level: number, scale: Scale | undefined, name: unknown): Severity | undefined {
  if (scale !== undefined) return scales[scale](level) ?? severityOfNameBeside(name)
  return severityOfNameBeside(name) ?? severityOfSize(level)
}

function severityOfNameBeside (name: unknown): Severity | undefined {
  return typeof name === 'string' ? severityOfKnownText(name) : undefined
}

/** The severity of a level that is an object, under the field names of several loggers. */
function severityOfObject (level: Record<string, unknown>): Severity | undefined {
  const name = level.levelStr ?? level.name ?? level.standardLevel ?? level.label ?? level.text
  if (typeof level.no === 'number') return severityOfNumber(level.no, 'python', name)
  if (typeof level.intLevel === 'number') return severityOfNumber(level.intLevel, 'log4j2', name)
  const number = level.level ?? level.value
  if (typeof number === 'string') return severityOfKnownText(number)
  return severityOfNumber(typeof number === 'number' ? number : NaN, undefined, name)
}

/** As `severityOfText`, cached: most logs have one of a few texts. */
function severityOfKnownText (text: string): Severity | undefined {
  if (text.length > maxLevelLength) return undefined
  let severity = knownTexts.get(text)
  if (severity === undefined) {
    severity = severityOfText(text) ?? 'none'
    if (knownTexts.size >= maxKnownTexts) knownTexts.clear()
    knownTexts.set(text, severity)
  }
  return severity === 'none' ? undefined : severity
}

const knownTexts = new Map<string, Severity | 'none'>()
const maxKnownTexts = 500

/** The number in a text, also in brackets, as the kernel writes `<3>`; NaN for any other text. */
function numberOf (text: string): number {
  const [, digits] = text.length > maxLevelLength ? [] : /^\s*[<[(]?(\d{1,6})[>\])]?\s*$/.exec(text) ?? []
  return digits === undefined ? NaN : Number(digits)
}

/** The severity of a number without a scale; undefined for sizes that loggers use differently. */
function severityOfSize (level: number): Severity | undefined {
  if (level < 10) return severityOfSyslogNumber(level)
  if (level < 70) return Number.isInteger(level) ? severityOfPinoNumber(level) : undefined
  return scales.monolog(level) ?? (level >= 800 ? scales.jul(level) : undefined) ?? scales.log4j(level)
}

/**
 * The severity of a number of syslog, journald and GELF, 0 (emergency) to 7 (debug).
 * Source: RFC 5424, section 6.2.1.
 */
export function severityOfSyslogNumber (level: number): Severity | undefined {
  return syslogSeverities[level]
}

const syslogSeverities: Record<number, Severity> = {
  0: 'critical', 1: 'critical', 2: 'critical', 3: 'error', 4: 'warning', 5: 'info', 6: 'info', 7: 'debug'
}

/**
 * The severity of a number of pino or bunyan.
 * The standard levels are 10, 20, 30, 40, 50, 60; any other number counts as the one at or below it, below 10 as debug.
 * Source: https://getpino.io/#/docs/api?id=level-values
 */
function severityOfPinoNumber (level: number): Severity | undefined {
  if (!(level >= 0)) return undefined
  return severities[Math.min(Math.max(Math.floor(level / 10), 2), 6) - 2]
}

/** The severity of a number, by scale; undefined for a number outside the scale. */
const scales = {
  syslog: severityOfSyslogNumber,
  pino: severityOfPinoNumber,
  python: severityOfPythonNumber,
  /** Source: https://github.com/Seldaek/monolog/blob/main/doc/01-usage.md#log-levels */
  monolog: numbers({
    100: 'debug',
    200: 'info',
    250: 'info',
    300: 'warning',
    400: 'error',
    500: 'critical',
    550: 'critical',
    600: 'critical'
  }),
  log4j: severityOfLog4jNumber,
  /** A higher number is less severe. Source: https://logging.apache.org/log4j/2.x/manual/customloglevels.html */
  log4j2: numbers({ 100: 'critical', 200: 'error', 300: 'warning', 400: 'info', 500: 'debug', 600: 'debug' }),
  /** java.util.logging */
  jul: numbers({ 300: 'debug', 400: 'debug', 500: 'debug', 700: 'debug', 800: 'info', 900: 'warning', 1000: 'error' }),
  otlp: severityOfOtlpNumber,
  /** Levels of Windows events; its security log has 0. */
  windows: numbers({ 0: 'info', 1: 'critical', 2: 'error', 3: 'warning', 4: 'info', 5: 'debug' }),
  /** Microsoft.Extensions.Logging, Serilog and NLog. */
  dotnet: numbers({ 0: 'debug', 1: 'debug', 2: 'info', 3: 'warning', 4: 'error', 5: 'critical' }),
  /** Source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
  gcp: numbers({
    0: 'info',
    100: 'debug',
    200: 'info',
    300: 'info',
    400: 'warning',
    500: 'error',
    600: 'critical',
    700: 'critical',
    800: 'critical'
  }),
  /** npm, and winston by default. */
  npm: numbers({ 0: 'error', 1: 'warning', 2: 'info', 3: 'info', 4: 'debug', 5: 'debug', 6: 'debug' }),
  consola: numbers({ 0: 'error', 1: 'warning', 2: 'info', 3: 'info', 4: 'debug', 5: 'debug' }),
  tslog: numbers({ 0: 'debug', 1: 'debug', 2: 'debug', 3: 'info', 4: 'warning', 5: 'error', 6: 'critical' })
}

/** log4j 1, logback and log4js; whole thousands between two levels count as the lower one. */
function severityOfLog4jNumber (level: number): Severity | undefined {
  if (level % 1000 !== 0 || level < 5000 || level >= 70_000) return undefined
  return severities[Math.min(Math.max(Math.floor(level / 10_000), 1), 5) - 1]
}

/** Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
function severityOfOtlpNumber (level: number): Severity | undefined {
  if (!Number.isInteger(level) || level < 1 || level > 24) return undefined
  return severities[Math.max(Math.ceil(level / 4), 2) - 2]
}

function numbers (table: Record<number, Severity>): (level: number) => Severity | undefined {
  return (level) => table[level]
}

export const levelRule = `a level (${severities.join(', ')}) or a whole number from 0 to 100`

/** The severity of a level name in POST /send_logs, in any case, common aliases included. */
export function severityOfName (name: string): Severity | undefined {
  const lower = name.toLowerCase()
  return Object.hasOwn(contractNames, lower) ? contractNames[lower] : undefined
}

const contractNames: Record<string, Severity> = {
  trace: 'debug',
  verbose: 'debug',
  notset: 'debug',
  debug: 'debug',
  information: 'info',
  informational: 'info',
  info: 'info',
  notice: 'info',
  warn: 'warning',
  warning: 'warning',
  err: 'error',
  error: 'error',
  severe: 'error',
  crit: 'critical',
  critical: 'critical',
  fatal: 'critical',
  panic: 'critical',
  alert: 'critical',
  emerg: 'critical',
  emergency: 'critical'
}

/**
 * The severity of a number of Python's `logging`, the scale of POST /send_logs.
 * The standard levels are 10, 20, 30, 40, 50; any other whole number from 0 to 100 counts as the one at or below it.
 * Source: https://docs.python.org/3/library/logging.html#logging-levels
 */
export function severityOfPythonNumber (level: number): Severity | undefined {
  if (!Number.isInteger(level) || level < 0 || level > 100) return undefined
  return severities[Math.min(Math.max(Math.floor(level / 10), 1), 5) - 1]
}
