// A thread that runs scrypt. In libuv's own threads it would hold up what else they do: unpacking, syncing files,
// resolving names.
//
//   { secret, salt, length, cost }   → { hash }, or { failure } where the costs are too high
import { scryptSync } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

parentPort.on('message', ({ secret, salt, length, cost }) => {
  try {
    parentPort.postMessage({ hash: scryptSync(secret, salt, length, cost) })
  } catch ({ message }) {
    parentPort.postMessage({ failure: message })
  }
})
