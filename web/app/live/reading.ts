// Whether somebody is reading: then no row moves.
import type { Search } from '../rows/search.ts'
import { view } from '../view/location.ts'

/** Pixels from the edge within which the newest row is in view. */
const edgePixels = 8

let isPressed = false

addEventListener('pointerdown', ({ target }) => { isPressed = target instanceof Element && isInRows(target) }, true)
addEventListener('pointerup', () => { isPressed = false }, true)
addEventListener('pointercancel', () => { isPressed = false }, true)

/** The list is scrolled, a row has the focus or is opened, text is selected, or a pointer is held down. */
export function isReading (search: Search): boolean {
  const { opened, around } = view.peek()
  if (isPressed || opened !== '' || around !== '' || !search.isAtNewest || !isAtEdge(search)) return true
  const selection = getSelection()
  const selected = selection?.type === 'Range' ? selection.anchorNode?.parentElement : undefined
  return [selected, document.activeElement].some((element) => element && isInRows(element))
}

/** Ends what keeps somebody reading. */
export function stopReading (search: Search): void {
  getSelection()?.removeAllRanges()
  const { activeElement } = document
  if (activeElement instanceof HTMLElement && isInRows(activeElement)) activeElement.blur()
  const rows = rowsElement()
  if (rows) rows.scrollTop = search.wanted.order === 'newest' ? 0 : rows.scrollHeight
}

function isAtEdge ({ wanted }: Search): boolean {
  const rows = rowsElement()
  if (!rows) return true
  const { scrollTop, scrollHeight, clientHeight } = rows
  return (wanted.order === 'newest' ? scrollTop : scrollHeight - clientHeight - scrollTop) <= edgePixels
}

function rowsElement (): Element | null {
  return document.querySelector('.list-rows')
}

function isInRows (element: Element): boolean {
  return element.closest('.list-rows') !== null
}
