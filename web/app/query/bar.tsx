import { useSignal, useSignalEffect } from '@preact/signals'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'

/** The bar that limits everything: query and time. */
export function Bar ({ onRun }: { onRun (): void }) {
  const draft = useSignal(view.value.query)
  useSignalEffect(() => { draft.value = view.value.query })
  const { query, time } = texts.value

  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    if (draft.value === view.value.query) onRun()
    else navigate({ query: draft.value })
  }

  return (
    <form class='bar' role='search' onSubmit={onSubmit}>
      <input
        class='bar-query'
        type='search'
        aria-label={query.label}
        placeholder={query.placeholder}
        value={draft.value}
        spellcheck={false}
        autocomplete='off'
        autocapitalize='off'
        onInput={(event) => { draft.value = event.currentTarget.value }}
      />
      <select
        aria-label={time.label}
        value={view.value.from}
        onChange={(event) => navigate({ from: event.currentTarget.value, to: '' })}
      >
        {Object.entries(time.ranges).map(([from, name]) => <option key={from} value={from}>{name}</option>)}
      </select>
      <button type='submit'>{query.run}</button>
    </form>
  )
}
