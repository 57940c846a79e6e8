import { useSignal, type ReadonlySignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { request } from '../api/client.ts'
import type { Usage, User } from './api.ts'

/** What each user has. It is counted one user after the other, so that others need not wait for their counts. */
export function useUsages (users: readonly User[] | undefined): ReadonlySignal<ReadonlyMap<string, Usage>> {
  const usages = useSignal<ReadonlyMap<string, Usage>>(new Map())
  useEffect(() => {
    const ended = new AbortController()
    const count = async () => {
      for (const { name } of users ?? []) {
        const usage = await request<Usage>('api/usage', { params: { user: name }, signal: ended.signal })
        usages.value = new Map([...usages.peek(), [name, usage]])
      }
    }
    // What is not known stays empty.
    count().catch(() => {})
    return () => ended.abort()
  }, [users, usages])
  return usages
}
