// Whether the server has another version of the page than this one: its document then names other files.
import { effect, signal } from '@preact/signals'
import { connection } from '../api/connection.ts'

/** Milliseconds between two questions when the tab is looked at again. */
const minPauseMs = 600_000

export const isOutdated = signal(false)

let checkedAt = Date.now()

async function check (): Promise<void> {
  checkedAt = Date.now()
  const script = document.querySelector('script[src]')?.getAttribute('src')
  if (!script) return
  const answer = await fetch('./', { headers: { accept: 'text/html' }, cache: 'no-cache' })
  if (answer.ok) isOutdated.value = !(await answer.text()).includes(script)
}

function checkQuietly (): void {
  // Without an answer nothing is known; the next request says so.
  check().catch(() => {})
}

let wasAway = false
effect(() => {
  const isAway = connection.value?.trouble === 'away'
  if (wasAway && !isAway) checkQuietly()
  wasAway = isAway
})

addEventListener('visibilitychange', () => {
  if (!document.hidden && Date.now() - checkedAt > minPauseMs) checkQuietly()
})
// A part of the page that is loaded later may be gone with its version.
addEventListener('vite:preloadError', checkQuietly)
