// Colours of terminals, as classes: everything else that an escape sequence may say is dropped.
import Anser from 'anser'

export interface Styled {
  text: string
  /** Classes of the style sheet, such as `ansi-red ansi-bold`. */
  classes: string
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/* eslint-disable no-control-regex -- these are the characters that begin and end sequences */
const stringStart = /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])/
const stringEnd = /(?:\u0007|\u001b\\|\u009c|$)/
const strings = new RegExp(`${stringStart.source}[^\\u0007\\u001b\\u009c]*${stringEnd.source}`, 'g')
/* eslint-enable no-control-regex */

/** Whether a text has escape sequences at all; most have none. */
export function hasEscapes (text: string): boolean {
  return text.includes('\u001b') || text.includes('\u009b')
}

export function styledPartsOf (text: string): Styled[] {
  return Anser.ansiToJson(withoutStrings(text), { json: true, remove_empty: true, use_classes: true })
    .map(({ content, fg, decorations }) => ({ text: content, classes: classesOf(fg, decorations) }))
}

/** Without sequences that carry a text of their own: titles, links, clipboards (OSC, DCS, SOS, PM, APC). */
function withoutStrings (text: string): string {
  return text.replaceAll(strings, '')
}

function classesOf (colour: string | null, decorations: readonly string[]): string {
  const name = colour?.replace(/^ansi-(bright-)?/, '') ?? ''
  const shown = decorations.filter((decoration) => decoration !== 'blink' && decoration !== 'hidden')
  return [...names.includes(name) ? [name] : [], ...shown].map((each) => `ansi-${each}`).join(' ')
}
