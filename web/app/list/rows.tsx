import { useEffect } from 'preact/hooks'
import { lazy } from '../frame/lazy.tsx'
import type { Search } from '../rows/search.ts'
import { navigate, view } from '../view/location.ts'
import { List } from './list.tsx'

const Around = lazy(async () => (await import('./around.tsx')).Around)
const Nothing = lazy(async () => (await import('../nothing/nothing.tsx')).Nothing)

/** The log in whose context the page was opened: it is opened itself. */
const linked = view.peek().around

/** The rows of a search, or the context of a log in their place. */
export function Rows ({ search }: { search: Search }) {
  const { around, same } = view.value
  useEffect(() => {
    if (linked !== '' && view.peek().opened === '') navigate({ opened: linked }, { replace: true })
  }, [])
  if (around !== '') return <Around key={`${around} ${same}`} id={around} same={same} wanted={search.wanted} />
  const { isAtStart, isAtEnd } = search.state.value
  if (isAtStart && isAtEnd && search.count === 0) return <Nothing key={search} search={search} />
  return <List key={search} search={search} begin={view.peek().opened} />
}
