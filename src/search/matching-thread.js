// A thread that tests logs: a regular expression or a long message may take long, and requests must not wait for it.
import { parentPort } from 'node:worker_threads'
import { matcherOf } from '../query/matcher.js'

/**
 * @typedef {import('./matching-messages.ts').MatchingQuestion} Question
 * @typedef {import('./matching-messages.ts').MatchingMessage} Message
 */

/** Filters whose matchers are cached: a tail asks with the same one again and again. */
const maxMatchers = 100
/** @type {Map<string, ReturnType<typeof matcherOf>>} */
const matchers = new Map()

/** @param {Question['filter']} filter */
function cachedMatcherOf (filter) {
  const key = JSON.stringify(filter)
  const cached = matchers.get(key)
  if (cached) return cached
  const matcher = matcherOf(filter)
  if (matchers.size === maxMatchers) matchers.clear()
  matchers.set(key, matcher)
  return matcher
}

const port = parentPort
if (!port) throw new Error('this script runs in a worker thread')

/** @param {Message} message */
const send = (message) => port.postMessage(message)

port.on('message', (/** @type {Question} */ { filter, logs, names }) => {
  const startedAt = performance.now()
  const isMatch = cachedMatcherOf(filter)
  const matches = logs.map((log, index) => isMatch(log, names[index] ?? ''))
  send({ kind: 'answer', matches, tookMs: performance.now() - startedAt })
})
send({ kind: 'ready' })
