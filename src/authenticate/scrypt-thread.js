// A thread that runs scrypt. In libuv's own threads it would delay their other work: unpacking, syncing files,
// resolving names.
import { scryptSync } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

/**
 * @typedef {object} ScryptTask
 * @property {string} secret
 * @property {Uint8Array} salt
 * @property {number} length bytes of the hash
 * @property {{ N: number, r: number, p: number }} cost RFC 7914
 */

/** @typedef {{ hash: Uint8Array } | { failure: string }} ScryptResult the failure says why the costs are too high */

parentPort?.on('message', (/** @type {ScryptTask} */ task) => parentPort?.postMessage(run(task)))

/**
 * @param {ScryptTask} task
 * @returns {ScryptResult}
 */
function run ({ secret, salt, length, cost }) {
  try {
    return { hash: scryptSync(secret, salt, length, cost) }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}
