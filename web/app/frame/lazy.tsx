import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { texts } from '../texts/index.ts'

/** A component that is a file of its own, read when it is first shown. */
export function lazy<Props extends object> (load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | undefined>(undefined)
  let isLoading = false
  return function Lazy (props: Props) {
    const Shown = loaded.value
    if (Shown) return <Shown {...props} />
    if (!isLoading) {
      isLoading = true
      load().then((component) => { loaded.value = component }, () => { isLoading = false })
    }
    return <p role='status'>{texts.value.common.loading}</p>
  }
}
