import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'

/** A component that is a file of its own, read when it is first shown. */
export function later<Props extends object> (load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | undefined>(undefined)
  let isAsked = false
  return function Later (props: Props) {
    const Shown = loaded.value
    if (Shown) return <Shown {...props} />
    if (!isAsked) {
      isAsked = true
      // Where the server does not answer, it is asked again the next time.
      load().then((component) => { loaded.value = component }, () => { isAsked = false })
    }
    return null
  }
}
