// A thread that collects words in blocks: parsing texts is work that requests must not wait for. Each request is
// answered by one message, in order.
import { parentPort } from 'node:worker_threads'
import { Blocks } from './blocks.js'

/**
 * A message to the thread: logs of a user, or the request for all blocks that are new or grew.
 * @typedef {{ kind: 'add', userId: number, times: readonly string[], messages: readonly string[] }} AddRequest
 * @typedef {{ kind: 'take' }} TakeRequest
 * @typedef {AddRequest | TakeRequest} GatherRequest
 */

/**
 * A message from the thread: whether the blocks should be taken now, or the blocks.
 * @typedef {{ kind: 'added', isHeavy: boolean }} Added
 * @typedef {{ kind: 'taken', blocks: import('./blocks.js').WordBlock[] }} Taken
 * @typedef {Added | Taken} GatherAnswer
 */

if (parentPort === null) throw new Error('this file runs in a thread only')
const port = parentPort
const blocks = new Blocks()

port.on('message', (/** @type {GatherRequest} */ request) => port.postMessage(answer(request)))

/**
 * @param {GatherRequest} request
 * @returns {GatherAnswer}
 */
function answer (request) {
  if (request.kind === 'take') return { kind: 'taken', blocks: blocks.take() }
  blocks.add(request.userId, request.times, request.messages)
  return { kind: 'added', isHeavy: blocks.isHeavy }
}
