import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { request, searchOf } from '../api/client.ts'
import type { Log, Page } from '../api/types.ts'
import { cutCharacters } from '../rows/search.ts'

export interface Awaited {
  /** The user who sends; empty: any. */
  user: string
  /** Whether a log that is there already counts, too. */
  hasOld: boolean
}

/** The first log that arrives while a component is shown; undefined while none did. */
export function useArrival ({ user, hasOld }: Awaited): Log | undefined {
  const arrived = useSignal<Log | undefined>(undefined)
  useEffect(() => {
    const ended = new AbortController()
    let tail: EventSource | undefined
    const follow = async () => {
      const params = { user, limit: 1, cut: cutCharacters }
      const { logs: [newest], place } = await request<Page>('api/logs', { params, signal: ended.signal })
      if (hasOld && newest) {
        arrived.value = newest
        return
      }
      tail = new EventSource(`api/logs/tail${searchOf({ user, after: place, cut: cutCharacters })}`)
      tail.addEventListener('log', ({ data }: MessageEvent<string>) => {
        arrived.value = JSON.parse(data) as Log
        tail?.close()
      })
    }
    // Without an answer nothing is waited for; the lines are still there to be copied.
    follow().catch(() => {})
    return () => {
      ended.abort()
      tail?.close()
    }
  }, [user, hasOld, arrived])
  return arrived.value
}
