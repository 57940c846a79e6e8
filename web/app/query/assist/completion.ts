// The list under the bar: suggestions at the caret, or earlier queries.
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError } from '../../api/error.ts'
import { rememberedQueries } from '../history.ts'
import { placeOf } from './place.ts'
import { maxSuggestions, suggestionsAt, type Suggestion } from './suggestions.ts'

/** Milliseconds without a key after which suggestions are looked for. */
const pauseMs = 150

export interface CompletionState {
  kind: 'closed' | 'suggestions' | 'history'
  suggestions: readonly Suggestion[]
  /** The suggestion that keys moved to; -1: none yet, so that Enter runs the query. */
  active: number
}

const closed: CompletionState = { kind: 'closed', suggestions: [], active: -1 }

const current = signal(closed)
let asked = new AbortController()
let timer: ReturnType<typeof setTimeout> | undefined

export const completion: ReadonlySignal<CompletionState> = current

export function closeCompletion (): void {
  stopAsking()
  current.value = closed
}

function stopAsking (): void {
  clearTimeout(timer)
  asked.abort()
}

/** Follows what is typed; at the start of a word, before its first letter, there is nothing to suggest yet. */
export function followTyping (field: HTMLTextAreaElement): void {
  if (current.peek().kind === 'history') return showHistory(field)
  const place = placeOf(field.value, field.selectionStart)
  if (!place || (place.prefix === '' && place.field === undefined)) return closeCompletion()
  narrow(place.prefix)
  clearTimeout(timer)
  timer = setTimeout(() => { void suggest(field) }, pauseMs)
}

/** Keeps of the suggestions those that still fit, until there are better ones. */
function narrow (prefix: string): void {
  const { suggestions } = current.peek()
  const fitting = suggestions.filter(({ label }) => label.toLowerCase().includes(prefix.toLowerCase()))
  if (fitting.length < suggestions.length) show(fitting)
}

async function suggest (field: HTMLTextAreaElement): Promise<void> {
  stopAsking()
  asked = new AbortController()
  const { signal } = asked
  const place = placeOf(field.value, field.selectionStart)
  if (!place) return closeCompletion()
  try {
    const typed = field.value.slice(place.start, place.end)
    const suggestions = await suggestionsAt(place, signal)
    if (!signal.aborted) show(suggestions.filter(({ text }) => text.trim() !== typed))
  } catch (error) {
    // Without an answer there is nothing to suggest: the search itself says what is wrong.
    if (!signal.aborted && error instanceof ApiError) closeCompletion()
  }
}

/** Lists the earlier queries that have the text of the field. */
function showHistory ({ value }: HTMLTextAreaElement): void {
  stopAsking()
  const wanted = value.trim().toLowerCase()
  const queries = rememberedQueries().filter((query) => query.toLowerCase().includes(wanted) && query !== value)
  const suggestions = queries.slice(0, maxSuggestions).map((query) => ({ label: query, text: query }))
  current.value = { kind: 'history', suggestions, active: -1 }
}

function showLast (field: HTMLTextAreaElement): void {
  showHistory(field)
  move(1)
}

function show (suggestions: readonly Suggestion[]): void {
  current.value = suggestions.length > 0 ? { kind: 'suggestions', suggestions, active: -1 } : closed
}

function move (step: 1 | -1): void {
  const { suggestions, active } = current.peek()
  // Beyond both ends is the text itself.
  const places = suggestions.length + 1
  current.value = { ...current.peek(), active: (active + 1 + step + places) % places - 1 }
}

/** Writes a suggestion into the query, as if it was typed: undo takes it back. */
export function take ({ text }: Suggestion, field: HTMLTextAreaElement): void {
  const isWhole = current.peek().kind === 'history'
  const place = isWhole ? undefined : placeOf(field.value, field.selectionStart)
  closeCompletion()
  field.focus()
  field.setSelectionRange(place?.start ?? 0, place?.end ?? field.value.length)
  document.execCommand('insertText', false, text)
}

/** Handles a key; false: it is none of the list's keys. */
export function handleKey (event: KeyboardEvent, field: HTMLTextAreaElement): boolean {
  const { kind, suggestions, active } = current.peek()
  const isAtEnd = field.selectionStart === field.value.length
  if (event.ctrlKey && event.code === 'KeyR') showHistory(field)
  else if (event.ctrlKey && event.code === 'Space') void suggest(field)
  else if (kind !== 'closed' && event.key === 'ArrowDown') move(1)
  else if (kind !== 'closed' && event.key === 'ArrowUp') move(-1)
  else if (kind !== 'closed' && event.key === 'Escape') closeCompletion()
  else if (event.key === 'ArrowUp' && field.value === '') showLast(field)
  else if (event.key === 'ArrowDown' && isAtEnd) void suggest(field)
  else return takeByKey(event, field, suggestions[active] ?? (event.key === 'Tab' ? suggestions[0] : undefined))
  return true
}

function takeByKey (event: KeyboardEvent, field: HTMLTextAreaElement, suggestion: Suggestion | undefined): boolean {
  const isTaken = suggestion && !event.shiftKey && (event.key === 'Tab' || event.key === 'Enter')
  if (isTaken) take(suggestion, field)
  else if (['Enter', 'ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) closeCompletion()
  return isTaken === true
}
