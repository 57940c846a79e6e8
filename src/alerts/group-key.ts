import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { LogRecord } from '../model/record.ts'
import { fingerprintOf } from './fingerprint.js'

/** Number of process names that are cached with their masked form. */
const maxProcesses = 1000

const maskedProcesses = new LRUCache<string, string>({ max: maxProcesses })

type ErrorLog = Pick<LogRecord, 'message' | 'attributes' | 'processName'>

interface GroupKey {
  key: string
  text: string
}

/** Keys of logs that are still in use: several rules ask for the same. */
const keys = new WeakMap<ErrorLog, GroupKey>()

/** The group of an error, among those of its user: what its text tells, and its process without what varies. */
export function groupKeyOf (log: ErrorLog): GroupKey {
  const known = keys.get(log)
  if (known !== undefined) return known
  const made = makeKey(log)
  keys.set(log, made)
  return made
}

function makeKey ({ message, attributes, processName }: ErrorLog): GroupKey {
  const { key, text } = fingerprintOf({ message, attributes })
  const hash = createHash('sha256').update(`${key}\n${maskedProcessOf(processName)}`).digest('hex')
  return { key: hash.slice(0, 16), text: text.toWellFormed() }
}

/** What decided the group of an error: `fingerprint`, `template`, `exception` or `message`. */
export function groupRuleOf ({ message, attributes }: Pick<LogRecord, 'message' | 'attributes'>): string {
  return fingerprintOf({ message, attributes }).key.split(':')[1] ?? ''
}

function maskedProcessOf (processName: string): string {
  const known = maskedProcesses.get(processName)
  if (known !== undefined) return known
  const { text } = fingerprintOf({ message: processName, attributes: null })
  maskedProcesses.set(processName, text)
  return text
}
