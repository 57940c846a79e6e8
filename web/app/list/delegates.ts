// The events of all rows, in one place: rows come and go while somebody scrolls.
import type { ReadonlySignal } from '@preact/signals'
import { wholeOf } from '../detail/whole.ts'
import { askLater } from './ask-later.ts'
import type { ListControl } from './control.ts'
import type { Folds } from './folds.ts'
import { describeTime } from './moment.ts'
import { isPhone } from './phone.ts'

/** Pixels by which a key scrolls the message of a row. */
const messageStep = 160

export function delegatesOf (control: ListControl, folds: ReadonlySignal<Folds | undefined>) {
  return {
    onClick: (event: MouseEvent) => {
      const { target } = event
      const line = lineOf(target)
      if (!line || !(target instanceof Element) || getSelection()?.type === 'Range') return
      const value = target.closest<HTMLElement>('.cell-process [data-field]')?.dataset
      if (target.closest('.folded-count')) {
        control.rows.unhide(folds.value?.unfold(line.index) ?? [])
      } else if (event.shiftKey) {
        control.activate(line.index, true)
      } else if (value?.field && value.value && !isPhone.value) {
        askLater(value.field, value.value, 'only')
      } else {
        control.activate(line.index)
        control.toggle()
      }
    },
    onMouseDown: (event: MouseEvent) => {
      const line = lineOf(event.target)
      if (!line) return
      if (event.shiftKey) event.preventDefault()
      const log = control.search.at(line.index)
      // The click that opens it comes a tenth of a second later; what fails is asked again then.
      if (log && event.button === 0) wholeOf(log).catch(() => {})
    },
    onFocusIn: ({ target }: FocusEvent) => {
      const line = lineOf(target)
      if (line && target === line.element && !control.isSelected(line.index)) control.activate(line.index)
    },
    onKeyDown: (event: KeyboardEvent) => {
      const line = lineOf(event.target)
      if (!line || event.target !== line.element || event.altKey) return
      const step = event.key === 'ArrowRight' ? messageStep : event.key === 'ArrowLeft' ? -messageStep : 0
      if (step !== 0) line.element.querySelector('.cell-message')?.scrollBy(step, 0)
      else if (event.key === 'Enter') control.toggle()
      else return
      event.preventDefault()
    },
    onPointerOver: ({ target }: PointerEvent) => {
      const line = lineOf(target)
      if (!line || !(target instanceof HTMLTimeElement)) return
      const log = control.search.at(line.index)
      if (log) target.title = describeTime(log)
    }
  }
}

/** The line of a row in which something happened. */
function lineOf (target: EventTarget | null): { element: HTMLElement, index: number } | undefined {
  const element = target instanceof Element ? target.closest<HTMLElement>('.line') : null
  const index = element?.parentElement?.dataset.index
  return element && index !== undefined ? { element, index: Number(index) } : undefined
}
