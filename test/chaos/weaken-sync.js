// Loaded before the service (node --import), this makes every fsync and fdatasync of its own do nothing,
// which loses what was spooled when the power goes. It is the proof that a power cut is noticed, and
// stands here because no setting of the product may do this.
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'

const handle = await open(fileURLToPath(import.meta.url))
const { prototype } = handle.constructor
await handle.close()
prototype.sync = prototype.datasync = async () => {}
fs.fsyncSync = fs.fdatasyncSync = () => {}
fs.fsync = fs.fdatasync = (_file, done) => process.nextTick(done, null)
syncBuiltinESMExports()
