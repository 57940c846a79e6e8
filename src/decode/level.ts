import { severities, type Severity } from '../record.ts'

const names: Record<string, Severity> = {
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

export const levelRule = `a level (${severities.join(', ')}) or a whole number from 0 to 100`

/** The severity of a level's name, in any case, usual aliases included. */
export function severityOfName (name: string): Severity | undefined {
  const lower = name.toLowerCase()
  return Object.hasOwn(names, lower) ? names[lower] : undefined
}

/**
 * The severity of a number of syslog, 0 (emergency) to 7 (debug).
 * Source: RFC 5424, section 6.2.1.
 */
export function severityOfSyslogNumber (level: number): Severity | undefined {
  return syslogSeverities[level]
}

const syslogSeverities: Record<number, Severity> = { 0: 'critical', 1: 'critical', 2: 'critical', 3: 'error', 4: 'warning', 5: 'info', 6: 'info', 7: 'debug' }

/**
 * The severity of a number of pino's and bunyan's: 10, 20, 30, 40, 50, 60, and any other counts as
 * the standard level at or below it (below 10: debug).
 * Source: https://getpino.io/#/docs/api?id=level-values
 */
export function severityOfPinoNumber (level: number): Severity | undefined {
  if (!(level >= 0)) return undefined
  return severities[Math.min(Math.max(Math.floor(level / 10), 2), 6) - 2]
}

/**
 * The severity of a number of Python's `logging`: 10, 20, 30, 40, 50, and any other
 * whole number from 0 to 100 counts as the standard level at or below it.
 * Source: https://docs.python.org/3/library/logging.html#logging-levels
 */
export function severityOfPythonNumber (level: number): Severity | undefined {
  if (!Number.isInteger(level) || level < 0 || level > 100) return undefined
  return severities[Math.min(Math.max(Math.floor(level / 10), 1), 5) - 1]
}
