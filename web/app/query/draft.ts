// The text of the bar, and how it becomes the query of the address: by Enter, or by a pause where searches are quick.
import { batch, computed, effect, signal } from '@preact/signals'
import type { ApiError } from '../api/error.ts'
import { navigate, view } from '../view/location.ts'
import { remember } from './history.ts'
import { parse } from './parse.ts'

/** Milliseconds without a key after which a text is looked at. */
const pauseMs = 400

export const draft = signal('')
export const parsed = computed(() => parse(draft.value))

/** False while somebody types: an unfinished word is no mistake. */
const isPaused = signal(true)

/** What the parser says is wrong with the text, once it is worth saying. */
export const problem = computed<ApiError | undefined>(() => (
  isPaused.value && 'problem' in parsed.value ? parsed.value.problem : undefined
))

/** The query that typing put into the address, and the one that it replaced there. */
let typed: { query: string, before: string } | undefined
let timer: ReturnType<typeof setTimeout> | undefined

const query = computed(() => view.value.query)

effect(() => {
  // What somebody is typing keeps the blanks at its ends.
  if (query.value !== draft.peek().trim()) {
    clearTimeout(timer)
    isPaused.value = true
    draft.value = query.value
  }
  if (query.value !== typed?.query) typed = undefined
})

/** Takes what somebody typed. After a pause it runs, if `mayRun` then agrees; it gets no entry of the history. */
export function type (text: string, mayRun: () => boolean): void {
  draft.value = text
  isPaused.value = false
  clearTimeout(timer)
  timer = setTimeout(() => {
    isPaused.value = true
    const wanted = text.trim()
    if ('problem' in parsed.value || wanted === query.value || !mayRun()) return
    typed = { query: wanted, before: typed?.before ?? query.value }
    navigate({ query: wanted }, { replace: true })
  }, pauseMs)
}

/** Runs the text, with an entry of the history; `repeat` is called where the address has it already. */
export function run (repeat: () => void): void {
  clearTimeout(timer)
  isPaused.value = true
  if ('problem' in parsed.value) return
  const text = draft.value.trim()
  remember(text)
  if (text === query.value && !typed) return repeat()
  batch(() => {
    if (typed) navigate({ query: typed.before }, { replace: true })
    typed = undefined
    navigate({ query: text })
  })
}

/** Whether the server refused the query itself. */
export function isAboutQuery ({ fault }: ApiError): boolean {
  return fault?.rule.startsWith('query.') === true
}
