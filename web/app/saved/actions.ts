// What the tabs, the dialog and the keys do with saved searches.
import { ApiError } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import { notify } from '../frame/notices.tsx'
import { openOverlay } from '../frame/overlay.tsx'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { bodyOf, loadSearches, saveSearch, shownSearch } from './searches.ts'

/** Changes searches. Says why not, where the server refuses; then what is stored there is shown again. */
export async function attempt (change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    notify(error.status === 412 ? texts.value.saved.conflict : explain(error))
    loadSearches().catch(() => {})
  }
}

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
