// The words of the query, to be marked in messages; what finds them is read once a query has some.
import { computed, effect, signal } from '@preact/signals'
import { parse } from '../query/parse.ts'
import { view } from '../view/location.ts'

type Finder = ReturnType<typeof import('../../../src/query/word-ranges.ts').wordFinderOf>

const finder = signal<Finder>(undefined)
const query = computed(() => view.value.query)

effect(() => {
  const wanted = query.value
  finder.value = undefined
  const parsed = wanted === '' ? undefined : parse(wanted)
  if (!parsed || !('filter' in parsed)) return
  import('../../../src/query/word-ranges.ts').then(({ wordFinderOf }) => {
    if (query.peek() === wanted) finder.value = wordFinderOf(parsed.filter)
    // Without it, nothing is marked.
  }, () => {})
})

/** A message as parts, of which every second one is a word of the query. */
export function markedParts (text: string): string[] {
  const edges = finder.value?.(text).flat() ?? []
  return [0, ...edges].map((edge, index) => text.slice(edge, edges[index]))
}
