// Whether texts are masked on the screen; the rules are read when they are first needed.
import { computed, effect, signal } from '@preact/signals'
import { settings } from '../frame/settings.ts'
import { mask, type Redactor } from './mask.ts'

const redactor = signal<Redactor | undefined>(undefined)

/** What a text is while its rules are not known yet. */
const hidden: Redactor = () => mask

const rules = computed(() => JSON.stringify(settings.value.redaction))

effect(() => {
  const wanted = rules.value
  const { isOn, kinds, expressions } = settings.peek().redaction
  redactor.value = isOn ? hidden : undefined
  if (!isOn) return
  // Where the rules cannot be read, all stays hidden.
  import('./redactor.ts').then(({ redactorOf }) => {
    if (rules.peek() === wanted) redactor.value = redactorOf(kinds, expressions)
  }, () => {})
})

/** A text as it may be shown; `name` is that of its attribute. */
export function shown (text: string, name?: string): string {
  return redactor.value?.(text, name) ?? text
}
