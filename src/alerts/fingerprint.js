// Tells which logs are one error: a key for each log, the same on every server. Plain JavaScript, because a thread runs
// it.
//
// The first of these that a log has is what its key depends on:
//
//   fingerprint   the sender's attribute `fingerprint`
//   template      the sender's name for the statement, or its text before values were filled in
//   exception     type and first frames of a stack trace, without line numbers, and the masked message
//   message       the message, masked (mask.js)
//
// A key is `1:message:0123456789abcdef`: version, kind, and a hash of 64 bits of the text that is shown for the group.
// A group also belongs to a user and a process, which are no part of the key.
//
// When these functions change, the version is raised, so that no old key stands for other logs. A group that is not
// seen for 30 days is forgotten; for that long the functions of both versions run. A new key that is unknown, of a log
// with an old key that is known, becomes an alias of the old key's group, so that the group is not reported as new.
// After 30 days the old functions and the aliases' old keys are deleted.
import { AttributeNames, mayMatter } from './attributes.js'
import { exceptionOf } from './exception.js'
import { Masker } from './mask.js'

/** Version of the grouping, which every key begins with. */
export const groupingVersion = 1

/** Code units of a masked message, and of the lines of an exception. */
const maxMessage = 1000
const maxHead = 400
const maxCause = 200
/** Code units of a fingerprint or a template. */
const maxName = 1000
const maxParts = 20

/**
 * What a log is grouped by. Other attributes do not matter.
 * @typedef {object} GroupedLog
 * @property {string} message
 * @property {Record<string, unknown> | null} attributes
 *
 * @typedef {object} Fingerprint
 * @property {string} key at most 40 characters of ASCII
 * @property {string} text for people, one to twenty lines, without control characters; `<*>` stands for values
 */

const fingerprintNames = new AttributeNames(['fingerprint'])
/** Names of statements: of CLEF, of OpenTelemetry, of systemd's journal. */
const nameNames = new AttributeNames(['@i', 'event_name', 'event.name', 'MESSAGE_ID'])
/** Texts of statements: of CLEF and Serilog, of Microsoft.Extensions.Logging. */
const templateNames = new AttributeNames([
  '@mt', 'MessageTemplate', 'messageTemplate', 'message_template', '{OriginalFormat}'
])
const argumentNames = new AttributeNames(['args'])

const masker = new Masker()
const { text } = masker

/**
 * Key of the group that a log belongs to.
 * @param {GroupedLog} log
 * @returns {string}
 */
export function keyOf (log) {
  const kind = writeText(log)
  return `${groupingVersion}:${kind}:${text.hash}`
}

/**
 * Key of the group that a log belongs to, and the text of the group.
 * @param {GroupedLog} log
 * @returns {Fingerprint}
 */
export function fingerprintOf (log) {
  return { key: keyOf(log), text: text.toString() }
}

/**
 * Writes the text that a log is grouped by; returns its kind.
 * @param {GroupedLog} log
 */
function writeText ({ message, attributes }) {
  text.clear()
  const told = attributes !== null && mayMatter(attributes) ? attributes : null
  const fingerprint = told && fingerprintNames.find(told, readFingerprint)
  if (fingerprint) return writeName(fingerprint, 'fingerprint')
  const template = told && templateOf(message, told)
  if (template) return writeName(template, 'template')
  const exception = exceptionOf(message, told)
  if (exception) return writeException(exception)
  text.limitTo(maxMessage)
  masker.add(message)
  return 'message'
}

/**
 * @template {string} Kind
 * @param {string} name
 * @param {Kind} kind
 */
function writeName (name, kind) {
  text.addText(name.slice(0, maxName))
  return kind
}

/** @param {import('./trace.js').Trace} exception */
function writeException ({ head, frames, causes }) {
  text.limitTo(maxHead)
  masker.add(head.join('\n'))
  for (const cause of causes) {
    text.addLineBreak()
    text.limitTo(maxCause)
    masker.add(cause)
  }
  for (const frame of frames) {
    text.addLineBreak()
    text.addText(`  at ${frame}`)
  }
  return 'exception'
}

/**
 * The sender's fingerprint: a text or a number that is not empty, or a list of them.
 * @param {unknown} value
 */
function readFingerprint (value) {
  const parts = Array.isArray(value) ? value.slice(0, maxParts) : [value]
  const texts = parts.filter((part) => typeof part === 'string' || typeof part === 'number').map(String)
  return texts.join('\n') || undefined
}

/** @param {unknown} value */
function readName (value) {
  return typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined
}

/**
 * The sender's own name for the statement that wrote the log, or the statement's text.
 * @param {string} message
 * @param {Record<string, unknown>} attributes
 */
function templateOf (message, attributes) {
  const template = nameNames.find(attributes, readName) ?? templateNames.find(attributes, readName)
  if (template !== undefined) return template
  // Python's HTTPHandler sends the text of the statement, and its values apart.
  return message.includes('%') && argumentNames.find(attributes, readArguments) ? message : undefined
}

/** @param {unknown} value */
function readArguments (value) {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0 || undefined
  return (typeof value === 'string' && !emptyArguments.has(value)) || undefined
}

/** No values, as Python writes them. */
const emptyArguments = new Set(['', '()', '[]', '{}', 'None'])
