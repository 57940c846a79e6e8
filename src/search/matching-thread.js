// A thread that tests logs: a regular expression or a long message may take long, and requests must not wait for it.
//
//   { filter, logs, names }  → { matches, took }   a boolean for each log, whose users' names are given beside, and milliseconds
//
// It says 'ready' once it can begin.
import { parentPort } from 'node:worker_threads'
import { matcherOf } from '../query/matcher.js'

/** Filters whose matchers are kept: those who follow logs ask the same again and again. */
const mostMatchers = 100
const matchers = new Map()

function keptMatcherOf (filter) {
  const key = JSON.stringify(filter)
  if (!matchers.has(key)) {
    if (matchers.size === mostMatchers) matchers.clear()
    matchers.set(key, matcherOf(filter))
  }
  return matchers.get(key)
}

parentPort.on('message', ({ filter, logs, names }) => {
  const started = performance.now()
  const isMatch = keptMatcherOf(filter)
  const matches = logs.map((log, index) => isMatch(log, names[index]))
  parentPort.postMessage({ matches, took: performance.now() - started })
})
parentPort.postMessage('ready')
