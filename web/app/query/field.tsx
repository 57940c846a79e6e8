import { signal, useSignal } from '@preact/signals'
import { useId, useRef } from 'preact/hooks'
import clear from 'icon:x'
import examples from 'icon:circle-question-mark'
import { explain } from '../api/explain.ts'
import type { ApiError } from '../api/error.ts'
import { useCommands } from '../frame/commands.ts'
import { IconButton } from '../frame/icon.tsx'
import { openOverlay } from '../frame/overlay.tsx'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { draft, isAboutQuery, problem, type } from './draft.ts'
import { Highlight } from './highlight.tsx'

/** Milliseconds of a search that may run while somebody types. */
const quickMs = 300

const assist = signal<typeof import('./assist/index.ts') | undefined>(undefined)

/** Reads what helps while somebody types in this field. Without it the field works, too. */
function loadAssist (field: HTMLTextAreaElement | null): void {
  const before = field?.value
  import('./assist/index.ts').then((loaded) => {
    assist.value = loaded
    // Somebody typed meanwhile.
    if (field?.matches(':focus') && field.value !== before) loaded.followTyping(field)
  }, () => {})
}

function openExamples (): void {
  openOverlay(async () => (await import('./assist/examples.tsx')).Examples)
}

export interface QueryFieldProps {
  search: Search | undefined
  onRun (): void
}

/** The text field of the query, with its colours, and what is to be said about it. */
export function QueryField ({ search, onRun }: QueryFieldProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const hasFocus = useSignal(false)
  const id = useId()
  const wrong = problem.value ?? refusalOf(search)
  const at = wrong?.fault?.at
  const mayRun = () => (search?.state.peek().tookMs ?? Infinity) < quickMs
  const goTo = (place: number) => {
    field.current?.focus()
    field.current?.setSelectionRange(place, draft.value.length)
  }
  const empty = () => {
    type('', mayRun)
    goTo(0)
  }
  useCommands([
    { name: 'query', keys: ['/'], run: () => goTo(0) },
    { name: 'queryProblem', keys: ['Alt+Enter'], inFields: true, run: () => { if (at !== undefined) goTo(at) } },
    { name: 'queryExamples', keys: [], run: openExamples },
    { name: 'run', keys: ['r'], run: onRun }
  ])

  const { query } = texts.value
  const { Panel } = assist.value ?? {}
  return (
    <div
      class='query'
      onFocusIn={() => {
        hasFocus.value = true
        loadAssist(field.current)
      }}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        hasFocus.value = relatedTarget instanceof Node && currentTarget.contains(relatedTarget)
        if (!hasFocus.value) assist.peek()?.closeCompletion()
      }}
    >
      <div class='query-field'>
        <div class='query-box'>
          <Highlight query={draft.value} wrongAt={at} />
          <Text field={field} listId={id} isWrong={wrong !== undefined} mayRun={mayRun} onRun={onRun} />
        </div>
        {draft.value === ''
          ? <IconButton nodes={examples} label={query.examples} onClick={openExamples} />
          : <IconButton nodes={clear} label={query.clear} onClick={empty} />}
      </div>
      <div class='query-panel'>
        {wrong && (
          <p class='query-problem' role='alert'>
            {explain(wrong)}
            {at !== undefined && <button type='button' onClick={() => goTo(at)}>{query.goToProblem}</button>}
          </p>
        )}
        {hasFocus.value && field.current && Panel && <Panel id={id} field={field.current} />}
      </div>
    </div>
  )
}

interface TextProps {
  field: { current: HTMLTextAreaElement | null }
  listId: string
  isWrong: boolean
  mayRun (): boolean
  onRun (): void
}

function Text ({ field, listId, isWrong, mayRun, onRun }: TextProps) {
  const { suggestions, active } = assist.value?.completion.value ?? { suggestions: [], active: -1 }
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLTextAreaElement }) => {
    if (event.isComposing) return
    const isModified = event.shiftKey || event.altKey || event.ctrlKey
    if (assist.peek()?.handleKey(event, event.currentTarget)) event.preventDefault()
    else if (event.key === 'Escape') event.currentTarget.blur()
    else if (event.key === '?' && draft.value === '') handle(event, openExamples)
    else if (event.key === 'Enter' && !isModified) handle(event, onRun)
  }
  const { query } = texts.value
  const isOpen = suggestions.length > 0
  return (
    <textarea
      ref={field}
      class='query-text'
      rows={1}
      aria-label={query.label}
      // A field of several lines has no role "combobox": it says the same by these.
      aria-autocomplete='list'
      aria-haspopup='listbox'
      aria-controls={isOpen ? listId : undefined}
      aria-activedescendant={active < 0 ? undefined : `${listId}-${active}`}
      aria-invalid={isWrong}
      placeholder={query.placeholder}
      value={draft.value}
      spellcheck={false}
      autocomplete='off'
      autocapitalize='off'
      inputMode='search'
      enterkeyhint='search'
      onInput={({ currentTarget }) => {
        type(currentTarget.value, mayRun)
        assist.peek()?.followTyping(currentTarget)
      }}
      onClick={() => assist.peek()?.closeCompletion()}
      onKeyDown={onKeyDown}
    />
  )
}

function handle (event: KeyboardEvent, action: () => void): void {
  event.preventDefault()
  action()
}

/** What the server alone could find wrong with the text. */
function refusalOf (search: Search | undefined): ApiError | undefined {
  const error = search?.state.value.error
  return error && isAboutQuery(error) && search.wanted.query === draft.value ? error : undefined
}
