const steps = new Set<() => void>()

/**
 * What must not outlive this process, however it ends short of kill -9: servers, and mounted disks.
 * The last first. Returns what takes the step back again.
 */
export function atExit (step: () => void): () => void {
  steps.add(step)
  return () => { steps.delete(step) }
}

process.once('exit', () => {
  for (const step of [...steps].reverse()) {
    try {
      step()
    } catch {
      // The others must have their turn.
    }
  }
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
