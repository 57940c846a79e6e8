import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import search from 'icon:search'
import { IconButton } from '../frame/icon.tsx'
import { run } from './draft.ts'
import { QueryField } from './field.tsx'

export interface BarProps {
  search: Search | undefined
  /** Called to run the same search again. */
  onRun (): void
}

/** The query. */
export function Bar ({ search: newest, onRun }: BarProps) {
  const { query } = texts.value
  return (
    <search class='bar'>
      <QueryField search={newest} onRun={() => run(onRun)} />
      <IconButton nodes={search} label={query.run} onClick={() => run(onRun)} />
    </search>
  )
}
