// Saved searches: the user's own, in their order, and those that others share.
import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { request } from '../api/client.ts'
import { identity } from '../frame/session.ts'
import { navigate, view } from '../view/location.ts'
import { defaultView, readColumn, writeColumn, type View } from '../view/view.ts'

/** What a search keeps of a view, as the API has it. */
export interface SearchBody {
  query: string
  from: string | null
  to: string | null
  order: View['order']
  /** None: those of the default view. */
  columns: string[]
  by: string | null
  shared: boolean
  position: number
}

export interface SavedSearch extends SearchBody {
  name: string
  owner: string
  etag: string
}

const all = signal<readonly SavedSearch[]>([])

export const ownSearches: ReadonlySignal<readonly SavedSearch[]> =
  computed(() => all.value.filter(({ owner }) => owner === identity.value?.user))
export const sharedSearches: ReadonlySignal<readonly SavedSearch[]> =
  computed(() => all.value.filter(({ owner }) => owner !== identity.value?.user))

/** The user's search whose tab is chosen. */
export const shownSearch = computed(() => ownSearches.value.find(({ name }) => name === view.value.saved))

export async function loadSearches (): Promise<void> {
  all.value = (await request<{ searches: SavedSearch[] }>('api/searches')).searches
}

/** What a search shows. Scripts call the time as the API does. */
export function viewOf ({ query, from, to, order, columns, by }: SearchBody) {
  return {
    query,
    from: from ?? '',
    to: to ?? '',
    order,
    columns: columns.length > 0
      ? columns.map((name) => readColumn(name === 'at' ? 'time' : name))
      : defaultView.columns,
    by: by ?? defaultView.by
  } satisfies Partial<View>
}

/** What is saved of a view. */
export function bodyOf ({ query, from, to, order, columns, by }: View) {
  return { query, from: from || null, to: to || null, order, columns: columns.map(writeColumn), by } satisfies
    Partial<SearchBody>
}

/** Whether a view shows something else than the search does. */
export function isChanged (search: SearchBody, view: View): boolean {
  return JSON.stringify(bodyOf(view)) !== JSON.stringify(bodyOf({ ...view, ...viewOf(search) }))
}

/** Shows a search; one of the user's own has its tab. */
export function showSearch (search: SavedSearch): void {
  const saved = search.owner === identity.value?.user ? search.name : ''
  navigate({ ...viewOf(search), screen: 'logs', saved, opened: '', around: '', asOf: '' })
}

/** Creates a search, or replaces the version that was read; rejects with ApiError 412 if that has changed. */
export async function saveSearch (name: string, body: SearchBody, etag?: string): Promise<void> {
  await put(name, body, etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag })
  await loadSearches()
}

export async function deleteSearch ({ name, etag }: SavedSearch): Promise<void> {
  await request(pathOf(name), { method: 'DELETE', headers: { 'if-match': etag } })
  await loadSearches()
}

/** Moves one of the user's searches to a place among them, from 0. */
export async function moveSearch (search: SavedSearch, place: number): Promise<void> {
  const others = ownSearches.value.filter(({ name }) => name !== search.name)
  const moved = others.toSpliced(place, 0, search)
  const changes = moved.flatMap((each, position) => each.position === position ? [] : [{ ...each, position }])
  all.value = [...moved, ...sharedSearches.value]
  await Promise.all(changes.map((each) => put(each.name, each, { 'if-match': each.etag })))
  await loadSearches()
}

async function put (name: string, body: SearchBody, headers: Record<string, string>): Promise<void> {
  const { query, from, to, order, columns, by, shared, position } = body
  const written: SearchBody = { query, from, to, order, columns, by, shared, position }
  await request(pathOf(name), { method: 'PUT', body: written, headers })
}

function pathOf (name: string): string {
  return `api/searches/${encodeURIComponent(name)}`
}
