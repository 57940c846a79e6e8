import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { LogRecord } from '../model/record.ts'
import { fingerprintOf } from './fingerprint.js'

/** Number of process names that are cached with their masked form. */
const maxProcesses = 1000

const maskedProcesses = new LRUCache<string, string>({ max: maxProcesses })

/** The group of an error, among those of its user: what its text tells, and its process without what varies. */
export function groupKeyOf (
  { message, attributes, processName }: Pick<LogRecord, 'message' | 'attributes' | 'processName'>
): { key: string, text: string } {
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
