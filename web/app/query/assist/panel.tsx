import '../../style/query-panel.css'
import { Value } from '../../list/value.tsx'
import { language } from '../../texts/index.ts'
import { draft, parsed } from '../draft.ts'
import { completion, take } from './completion.ts'
import { readingOf } from './reading.ts'
import type { Suggestion } from './suggestions.ts'
import { assistTexts } from './texts/index.ts'

export interface PanelProps {
  /** Identifies the list to the field. */
  id: string
  field: HTMLTextAreaElement
}

/** What is shown below the field while somebody types: what was understood, and suggestions. */
export function Panel ({ id, field }: PanelProps) {
  const { kind, suggestions, active } = completion.value
  const words = assistTexts.value
  return (
    <>
      <Reading />
      {kind === 'history' && suggestions.length === 0 && <p class='query-note'>{words.noHistory}</p>}
      {suggestions.length > 0 && (
        <ul
          class='suggestions'
          role='listbox'
          id={id}
          aria-label={kind === 'history' ? words.history : words.suggestions}
        >
          {suggestions.map((suggestion, index) => (
            <Option
              key={index}
              id={`${id}-${index}`}
              suggestion={suggestion}
              isActive={index === active}
              onTake={() => take(suggestion, field)}
            />
          ))}
        </ul>
      )}
      <p class='unseen' role='status'>{suggestions.length > 0 && words.found(suggestions.length)}</p>
    </>
  )
}

function Reading () {
  const { hint, reading } = assistTexts.value
  if (draft.value.trim() === '') return <p class='query-note'>{hint}</p>
  if ('problem' in parsed.value) return null
  return <p class='query-note'><Value text={readingOf(parsed.value.filter, reading, language.value)} /></p>
}

interface OptionProps {
  id: string
  suggestion: Suggestion
  isActive: boolean
  onTake (): void
}

function Option ({ id, suggestion: { label, note, count, isExact }, isActive, onTake }: OptionProps) {
  const number = count === undefined ? '' : new Intl.NumberFormat(language.value).format(count)
  return (
    <li
      id={id}
      role='option'
      aria-selected={isActive}
      // The focus stays in the field.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onTake}
    >
      <span class='suggestion-label'><Value text={label} /></span>
      {note !== undefined && <span class='suggestion-note'><Value text={note} /></span>}
      <span class='suggestion-count'>{isExact === false ? assistTexts.value.atLeast(number) : number}</span>
    </li>
  )
}
