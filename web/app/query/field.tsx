import { useRef } from 'preact/hooks'
import clear from 'icon:x'
import { useCommands } from '../frame/commands.ts'
import { IconButton } from '../frame/icon.tsx'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { draft, isAboutQuery, problem, type } from './draft.ts'
import { Highlight } from './highlight.tsx'
import type { Problem } from './parse.ts'

/** Milliseconds of a search that may run while somebody types. */
const quickMs = 300

export interface QueryFieldProps {
  search: Search | undefined
  onRun (): void
}

/** The text field of the query, with its colours, and what is to be said about it. */
export function QueryField ({ search, onRun }: QueryFieldProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const wrong = problem.value ?? refusalOf(search)
  const at = wrong?.fault?.at
  const mayRun = () => (search?.state.peek().tookMs ?? Infinity) < quickMs
  const goTo = (place: number) => {
    field.current?.focus()
    field.current?.setSelectionRange(place, draft.value.length)
  }
  useCommands([
    { name: 'query', keys: ['/'], run: () => goTo(0) },
    { name: 'queryProblem', keys: ['Alt+Enter'], inFields: true, run: () => { if (at !== undefined) goTo(at) } }
  ])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.altKey || event.shiftKey) return
    if (event.key === 'Enter') onRun()
    else if (event.key === 'Escape') field.current?.blur()
    else return
    event.preventDefault()
  }

  const empty = () => {
    type('', mayRun)
    goTo(0)
  }

  const { query } = texts.value
  return (
    <div class='query'>
      <div class='query-box'>
        <Highlight query={draft.value} wrongAt={at} />
        <textarea
          ref={field}
          class='query-text'
          rows={1}
          aria-label={query.label}
          placeholder={query.placeholder}
          value={draft.value}
          spellcheck={false}
          autocomplete='off'
          autocapitalize='off'
          inputMode='search'
          enterkeyhint='search'
          aria-invalid={wrong !== undefined}
          onInput={(event) => type(event.currentTarget.value, mayRun)}
          onKeyDown={onKeyDown}
        />
      </div>
      {draft.value !== '' && <IconButton nodes={clear} label={query.clear} onClick={empty} />}
    </div>
  )
}

/** What the server alone could find wrong with the text. */
function refusalOf (search: Search | undefined): Problem | undefined {
  const error = search?.state.value.error
  return error && isAboutQuery(error) && search.wanted.query === draft.value ? error : undefined
}
