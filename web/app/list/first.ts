// The search of the address when the page is opened: asked at once, while the server still says who is signed in.
import { Search, type Wanted } from '../rows/search.ts'
import { view } from '../view/location.ts'

let first: Search | undefined

/** What a search depends on, as a text: opening a row is no new search. */
export function wantedText (): string {
  const { query, from, to, user, order, asOf } = view.value
  return JSON.stringify({ query, from, to, user, order, asOf } satisfies Wanted)
}

/** A search that has begun. */
export function searchFor (wanted: string): Search {
  const search = new Search(JSON.parse(wanted) as Wanted)
  void search.more()
  return search
}

/** Begins the search of the address. */
export function searchFirst (): void {
  if (view.peek().screen === 'logs') first = searchFor(wantedText())
}

/** The search that was begun first, unless it is not what is wanted, or was refused: nobody was signed in. */
export function takeFirst (wanted: string): Search | undefined {
  const taken = first
  first = undefined
  if (taken && JSON.stringify(taken.wanted) === wanted && !taken.state.peek().error) return taken
  taken?.stop()
  return undefined
}
