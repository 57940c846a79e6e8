import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { texts } from '../texts/index.ts'
import { Unread } from './unread.tsx'

/** A component that is a file of its own, read when it is first shown: after what is shown beside it. */
export function lazy<Props extends object> (load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | undefined>(undefined)
  const hasFailed = signal(false)
  let isLoading = false
  return function Lazy (props: Props) {
    const Shown = loaded.value
    useEffect(() => {
      if (isLoading) return
      isLoading = true
      load().then((component) => { loaded.value = component }, () => {
        isLoading = false
        hasFailed.value = true
      })
    }, [])
    if (Shown) return <Shown {...props} />
    return hasFailed.value ? <Unread /> : <p role='status'>{texts.value.common.loading}</p>
  }
}
