import { useSignal } from '@preact/signals'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { bound, boundsOf, validOf } from './chosen.ts'

/** Asks for a range of numbers. */
export function BoundsForm ({ field, query }: { field: string, query: string }) {
  const bounds = useSignal(boundsOf(query, field))
  const { facets: words } = texts.value
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    navigate({ query: bound(validOf(view.value.query, query), field, bounds.value) })
  }
  return (
    <form class='facet-bounds' onSubmit={onSubmit}>
      {(['min', 'max'] as const).map((end) => (
        <input
          key={end}
          type='number'
          step='any'
          aria-label={words[end](field)}
          placeholder={end}
          value={bounds.value[end]}
          onInput={({ currentTarget }) => { bounds.value = { ...bounds.value, [end]: currentTarget.value } }}
        />
      ))}
      <button type='submit'>{texts.value.time.apply}</button>
    </form>
  )
}
