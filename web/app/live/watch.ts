// What a tab does that nobody sees: its stream closes, and from time to time it counts the errors since.
import { request } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import { unseenErrors } from '../frame/title.ts'
import type { Search } from '../rows/search.ts'
import dotted from '../../icon-dotted.svg'
import type { Live } from './live.ts'
import { timeOf } from './place.ts'

/** Milliseconds after which the stream of a hidden tab closes, and between two counts. */
const hiddenMs = 30_000

/** Follows whether the tab is seen; gives the function that ends it. */
export function watchTab (live: Live, search: Search): () => void {
  const ended = new AbortController()
  let timer: ReturnType<typeof setInterval> | undefined
  let isCounting = false
  const hide = () => {
    live.suspend()
    if (isCounting) return
    isCounting = true
    countErrors(search, timeOf(live.place), ended.signal)
      .then(showUnseen, () => {})
      .finally(() => { isCounting = false })
  }
  const changed = () => {
    clearInterval(timer)
    if (document.hidden) {
      timer = setInterval(hide, hiddenMs)
    } else {
      showUnseen(0)
      live.resume()
    }
  }
  addEventListener('visibilitychange', changed, { signal: ended.signal })
  if (document.hidden) changed()
  return () => {
    clearInterval(timer)
    ended.abort()
    showUnseen(0)
  }
}

async function countErrors ({ wanted }: Search, from: string, signal: AbortSignal): Promise<number> {
  const { query, user } = wanted
  const errors = query === '' ? 'level:>=error' : `(${query}) level:>=error`
  try {
    return (await request<{ count: number }>('api/logs/count', { params: { query: errors, user, from }, signal })).count
  } catch (error) {
    if (error instanceof ApiError) return unseenErrors.peek()
    throw error
  }
}

let plain: string | undefined

function showUnseen (count: number): void {
  unseenErrors.value = document.hidden ? count : 0
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (!icon) return
  plain ??= icon.href
  icon.href = unseenErrors.value > 0 ? dotted : plain
}
