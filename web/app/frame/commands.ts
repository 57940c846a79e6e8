// Commands of the page: keys run them, the palette and the help list them.
import { computed, signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Texts } from '../texts/en.ts'
import { settings } from './settings.ts'

export interface Command {
  name: keyof Texts['commands']
  /** Each one runs it: `j`, `Shift+J`, `Ctrl+K`, `ArrowDown`, or two in turn: `g g`. None: the palette alone. */
  keys: readonly string[]
  /** Also while a text field has the focus; for keys that write no text. */
  inFields?: boolean
  /** Given the keys that were pressed; none: run from the palette. */
  run (keys?: string): void
}

/** Milliseconds within which the second of two keys follows. */
const sequenceMs = 1000

const groups = signal<ReadonlyArray<readonly Command[]>>([])

/** The commands of what is shown now; those that came last win. */
export const commands = computed(() => groups.value.flat())

/** Offers commands while a component is shown. */
export function useCommands (offered: readonly Command[]): void {
  const latest = useRef(offered)
  latest.current = offered
  // Before it is painted: a key that is pressed as soon as its button is seen would do nothing.
  useLayoutEffect(() => {
    const group = latest.current.map((command, index) => (
      { ...command, run: (keys?: string) => latest.current[index]?.run(keys) }))
    groups.value = [...groups.peek(), group]
    return () => { groups.value = groups.peek().filter((other) => other !== group) }
  }, [])
}

let first: { key: string, at: number } | undefined

addEventListener('keydown', (event) => {
  // A dialog has keys of its own.
  if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return
  const key = keyOf(event)
  const command = find(first && event.timeStamp - first.at < sequenceMs ? `${first.key} ${key}` : undefined, event) ??
    find(key, event)
  first = command ? undefined : { key, at: event.timeStamp }
  if (!command) return
  event.preventDefault()
  command.run(key)
})

function find (keys: string | undefined, { target }: KeyboardEvent): Command | undefined {
  if (keys === undefined) return undefined
  const isInField = target instanceof HTMLElement && target.matches('input, textarea, select')
  // The space presses what has the focus.
  const isPressed = target instanceof HTMLElement && target.matches('button, summary, [role=tab]')
  if (keys === 'Space' && isPressed) return undefined
  const mayRun = ({ inFields = false }: Command) => inFields || (!isInField && settings.peek().keys)
  return commands.peek().findLast((command) => command.keys.includes(keys) && mayRun(command))
}

/** The name of a key and its modifiers. On a layout without Latin letters, the letter is that of a Latin layout. */
function keyOf ({ key, code, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): string {
  const isForeign = key.length === 1 && key > '~'
  const name = isForeign ? latinKeyOf(key, code, shiftKey) : key === ' ' ? 'Space' : key
  const isLetter = /^[a-z]$/i.test(name)
  const modifiers = [
    (ctrlKey || metaKey) && 'Ctrl+', altKey && 'Alt+', shiftKey && (isLetter || name.length > 1) && 'Shift+'
  ].filter((modifier) => modifier !== false)
  if (!isLetter) return [...modifiers, name].join('')
  return modifiers.length === 0 ? name.toLowerCase() : [...modifiers, name.toUpperCase()].join('')
}

/** Keys of a US layout that write other signs: plain, and with Shift. */
const signs: Record<string, string> = {
  BracketLeft: '[{',
  BracketRight: ']}',
  Semicolon: ';:',
  Quote: '\'"',
  Comma: ',<',
  Period: '.>',
  Slash: '/?',
  Backquote: '`~',
  Backslash: '\\|',
  Minus: '-_',
  Equal: '=+'
}

function latinKeyOf (key: string, code: string, isShifted: boolean): string {
  if (code.startsWith('Key')) return code.slice('Key'.length)
  return signs[code]?.charAt(isShifted ? 1 : 0) ?? key
}
