// Loaded before the service (node --import), this makes every SQLite file of it synchronous = NORMAL,
// which loses commits when the power goes, and lets the service believe that it is FULL. It is the
// proof that a power cut is noticed, and stands here because no setting of the product may do this.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const driver = Number.parseInt(process.versions.node) < 22 ? 'better-sqlite3-node20' : 'better-sqlite3'
const { prototype } = require(driver)
const setting = /\bsynchronous\s*=\s*\w+/i
const reading = /^\s*(?:pragma\s+)?(?:\w+\.)?synchronous\s*;?\s*$/i

for (const name of ['pragma', 'exec', 'prepare']) {
  const original = prototype[name]
  prototype[name] = function (source, ...rest) {
    if (name === 'pragma' && reading.test(source)) return rest[0]?.simple ? 2 : [{ synchronous: 2 }]
    return original.call(this, String(source).replace(setting, 'synchronous = NORMAL'), ...rest)
  }
}
