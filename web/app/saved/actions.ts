// What the tabs and the keys do with saved searches.
import { openOverlay } from '../frame/overlay.tsx'
import { mayChange } from '../frame/session.ts'
import { navigate, standardView, view } from '../view/location.ts'
import { attempt } from './attempt.ts'
import { bodyOf, saveSearch, shownSearch } from './searches.ts'

/** Saves what is shown in place of the search whose tab is chosen. */
export function replaceShown (): void {
  const search = shownSearch.value
  if (search) void attempt(() => saveSearch(search.name, { ...search, ...bodyOf(view.value) }, search.etag))
}

/** Opens the dialog that saves what is shown under a name. */
export function openSaving (): void {
  openOverlay(async () => (await import('./saving.tsx')).Saving)
}

/** Opens the list of all saved searches. */
export function openSearches (): void {
  openOverlay(async () => (await import('./manage.tsx')).Searches)
}

/** Goes to a new rule with the query of what is shown. */
export function alertOfShown (): void {
  if (mayChange.value) navigate({ ...standardView.value, screen: 'alerts', tab: 'new', query: view.value.query })
}
