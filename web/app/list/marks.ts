// The words of the query, to be marked in messages; what finds them is read once a query has some.
import { computed, effect, signal } from '@preact/signals'
import { view } from '../view/location.ts'

type Finder = ReturnType<typeof import('../query/matches.ts').finderOf>

const finder = signal<Finder>(undefined)
const query = computed(() => view.value.query)

effect(() => {
  const wanted = query.value
  finder.value = undefined
  if (wanted === '') return
  import('../query/matches.ts').then(({ finderOf }) => {
    if (query.peek() === wanted) finder.value = finderOf(wanted)
    // Without it, nothing is marked.
  }, () => {})
})

/** A message as parts, of which every second one is a word of the query. */
export function markedParts (text: string): string[] {
  const edges = finder.value?.(text).flat() ?? []
  return [0, ...edges].map((edge, index) => text.slice(edge, edges[index]))
}
