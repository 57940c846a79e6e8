import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { settings } from '../frame/settings.ts'
import { defaultView, formatView, parseView, type View } from './view.ts'

const search = signal(location.search)

addEventListener('popstate', () => { search.value = location.search })

/** What an address without parameters shows: times in the zone that the user chose. */
export const standardView: ReadonlySignal<View> = computed(() => ({ ...defaultView, isUtc: settings.value.isUtc }))

/** The view of the address. */
export const view: ReadonlySignal<View> = computed(() => parseView(search.value, standardView.value))

/** Shows another view. It gets an entry of the history, unless it replaces the present one. */
export function navigate (change: Partial<View>, { replace = false } = {}): void {
  const url = addressOf(change)
  if (url === addressOf({})) return
  if (replace) history.replaceState(history.state, '', url)
  else history.pushState(null, '', url)
  search.value = location.search
}

/** The address of a view, for a link. */
export function addressOf (change: Partial<View>): string {
  return `${location.pathname}${formatView({ ...view.value, ...change }, standardView.value)}`
}
