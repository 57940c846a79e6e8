import { open } from 'node:fs/promises'

/**
 * Makes the names of new files in a folder durable.
 *
 * Windows has no such call and does not need it.
 */
export async function syncFolder (folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
