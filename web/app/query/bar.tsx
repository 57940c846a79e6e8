import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import search from 'icon:search'
import { IconButton } from '../frame/icon.tsx'
import { run } from './draft.ts'
import { QueryField } from './field.tsx'

export interface BarProps {
  search: Search | undefined
  /** Called to run the same search again. */
  onRun (): void
}

/** The bar that limits everything: query and time. */
export function Bar ({ search: newest, onRun }: BarProps) {
  const { query, time } = texts.value
  return (
    <search class='bar'>
      <QueryField search={newest} onRun={() => run(onRun)} />
      <select
        aria-label={time.label}
        value={view.value.from}
        onChange={(event) => navigate({ from: event.currentTarget.value, to: '' })}
      >
        {Object.entries(time.ranges).map(([from, name]) => <option key={from} value={from}>{name}</option>)}
      </select>
      <IconButton nodes={search} label={query.run} onClick={() => run(onRun)} />
    </search>
  )
}
