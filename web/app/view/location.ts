import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { formatView, parseView, type View } from './view.ts'

const search = signal(location.search)

addEventListener('popstate', () => { search.value = location.search })

/** The view of the address. */
export const view: ReadonlySignal<View> = computed(() => parseView(search.value))

/** Shows another view. It gets an entry of the history, unless it replaces the present one. */
export function navigate (change: Partial<View>, { replace = false } = {}): void {
  const next = formatView({ ...view.value, ...change })
  if (next === formatView(view.value)) return
  const url = `${location.pathname}${next}`
  if (replace) history.replaceState(history.state, '', url)
  else history.pushState(null, '', url)
  search.value = location.search
}

/** The address of a view, for a link. */
export function addressOf (change: Partial<View>): string {
  return `${location.pathname}${formatView({ ...view.value, ...change })}`
}
