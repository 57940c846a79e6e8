// Loaded before the service (node --import): makes its fsync and fdatasync do nothing, which loses spooled logs
// in a power cut. It is the negative control that proves the tests notice a lost sync. It is a patch of Node
// because no setting of the product may do this.
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'

const handle = await open(fileURLToPath(import.meta.url))
const { prototype } = handle.constructor
await handle.close()
prototype.sync = prototype.datasync = async () => {}
/** @type {(file: number, done: import('node:fs').NoParamCallback) => void} */
const skip = (_file, done) => process.nextTick(done, null)
Object.assign(fs, { fsyncSync: () => {}, fdatasyncSync: () => {}, fsync: skip, fdatasync: skip })
syncBuiltinESMExports()
