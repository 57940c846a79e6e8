// Files of what no table takes: a log that is neither stored nor kept as a dead letter. Each is a segment of the spool (see
// segment.ts) of one batch, named by its first id: renamed to a segment in the folder of a spool, it is tried again.
import { mkdir, open, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyedBatch } from './batch.ts'
import { fileHeader, toFrame } from './segment.ts'
import { syncFolder } from './sync.ts'

export const keptPattern = /\.kept$/

/** Makes the batch durable in the folder, which is made where it is missing. The same piece again replaces itself. */
export async function keepBatch (folder: string, batch: KeyedBatch): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const name = join(folder, `${batch.firstId}.kept`)
  const file = await open(`${name}.new`, 'w', 0o600)
  try {
    await file.writeFile(Buffer.concat([fileHeader, toFrame(batch)]))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${name}.new`, name)
  await syncFolder(folder)
}

/** The names of such files. */
export async function listKept (folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => keptPattern.test(name)).sort()
}
