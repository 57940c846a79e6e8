import '../style/detail.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { askText } from '../list/ask.ts'
import { notify } from '../frame/notices.tsx'
import { texts } from '../texts/index.ts'
import { copy } from './copy.ts'

/** Characters of a selection that can be asked for. */
const maxCharacters = 200

/** What can be done with the text that is selected in the list. */
export function SelectionBubble () {
  const bubble = useRef<HTMLDivElement>(null)
  const text = useSignal('')
  useEffect(() => {
    const onChange = () => {
      const selection = getSelection()
      const isInList = selection?.type === 'Range' && selection.anchorNode?.parentElement?.closest('.list-rows')
      text.value = isInList ? selection.toString().replaceAll(/\s+/g, ' ').trim() : ''
      const isShown = text.value !== '' && text.value.length <= maxCharacters
      bubble.current?.togglePopover(isShown)
      if (isShown && bubble.current) place(bubble.current, selection?.getRangeAt(0).getBoundingClientRect())
    }
    // While the pointer is down, the selection still changes.
    document.addEventListener('pointerup', onChange)
    document.addEventListener('keyup', onChange)
    onChange()
    return () => {
      document.removeEventListener('pointerup', onChange)
      document.removeEventListener('keyup', onChange)
    }
  }, [text])
  const { detail, common } = texts.value
  const afterwards = (run: () => void) => () => {
    run()
    getSelection()?.removeAllRanges()
    bubble.current?.hidePopover()
  }
  return (
    <div ref={bubble} popover='manual' class='bubble' role='toolbar' aria-label={detail.selection}>
      <button type='button' onClick={afterwards(() => askText(text.value, false))}>= {detail.onlyText}</button>
      <button type='button' onClick={afterwards(() => askText(text.value, true))}>≠ {detail.outText}</button>
      <button
        type='button'
        onClick={afterwards(() => {
          copy(text.value)
          notify(common.copied)
        })}
      >
        {common.copy}
      </button>
    </div>
  )
}

/** Puts an element above a place, or below it where there is no room. */
function place (element: HTMLElement, at: DOMRect | undefined): void {
  if (!at) return
  const { offsetWidth, offsetHeight, style } = element
  const above = at.top - offsetHeight - 4
  style.top = `${above < 0 ? at.bottom + 4 : above}px`
  style.left = `${Math.max(4, Math.min(at.left, innerWidth - offsetWidth - 4))}px`
}
