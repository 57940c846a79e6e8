// Loaded before the service (node --import): opens every SQLite file with synchronous = NORMAL, which loses
// commits in a power cut, and reports FULL to the service. It is the negative control that proves the tests
// notice a lost commit. It is a patch of the driver because no setting of the product may do this.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const driver = Number.parseInt(process.versions.node) < 22 ? 'better-sqlite3-node20' : 'better-sqlite3'
const { prototype } = require(driver)
const setting = /\bsynchronous\s*=\s*\w+/i
const reading = /^\s*(?:pragma\s+)?(?:\w+\.)?synchronous\s*;?\s*$/i

for (const name of ['pragma', 'exec', 'prepare']) {
  const original = prototype[name]
  /**
   * @param {string} source
   * @param {any[]} rest
   */
  prototype[name] = function (source, ...rest) {
    if (name === 'pragma' && reading.test(source)) return rest[0]?.simple ? 2 : [{ synchronous: 2 }]
    return original.call(this, String(source).replace(setting, 'synchronous = NORMAL'), ...rest)
  }
}
