// Colours of terminals, as classes: everything else that an escape sequence may say is dropped.

export interface Styled {
  text: string
  /** Classes of the style sheet, such as `ansi-red ansi-bold`. */
  classes: string
}

/** The style of what follows; empty strings are plain. */
interface Style {
  colour: string
  decorations: readonly string[]
}

const plain: Style = { colour: '', decorations: [] }
const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
const decorations: Record<number, string> = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline' }
const ends: Record<number, readonly string[]> = { 22: ['bold', 'dim'], 23: ['italic'], 24: ['underline'] }

/* eslint-disable no-control-regex -- these are the characters that begin and end sequences */
/** Sequences that carry a text of their own: titles, links, clipboards (OSC, DCS, SOS, PM, APC). */
const strings = /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)/g
/** All others; the numbers of those that set a style (SGR) are a group. */
const sequences = /(?:\u001b\[|\u009b)(?:([\d;]*)m|[0-?]*[ -/]*[@-~])|\u001b[ -/]*[0-~]/g
/* eslint-enable no-control-regex */

/** Whether a text has escape sequences at all; most have none. */
export function hasEscapes (text: string): boolean {
  return text.includes('\u001b') || /[\u0090-\u009f]/.test(text)
}

export function styledPartsOf (text: string): Styled[] {
  const parts: Styled[] = []
  let style = plain
  let from = 0
  const shown = text.replaceAll(strings, '')
  const add = (text: string) => { if (text !== '') parts.push({ text, classes: classesOf(style) }) }
  for (const { 0: sequence, 1: numbers, index } of shown.matchAll(sequences)) {
    add(shown.slice(from, index))
    from = index + sequence.length
    if (numbers !== undefined) style = changed(style, numbers.split(';').map(Number))
  }
  add(shown.slice(from))
  return parts
}

/** A style after the numbers of a sequence. Colours beyond the sixteen, and of the ground, are left out. */
function changed (style: Style, numbers: readonly number[]): Style {
  let next = style
  const rest = numbers.values()
  for (const number of rest) {
    const decoration = decorations[number]
    const ended = ends[number]
    if (number === 0) next = plain
    else if (ended) next = { ...next, decorations: next.decorations.filter((name) => !ended.includes(name)) }
    else if (number === 38) next = { ...next, colour: longColourOf(rest) }
    else if (number === 48) longColourOf(rest)
    else if (decoration === undefined) next = { ...next, colour: colourOf(number) ?? next.colour }
    else if (!next.decorations.includes(decoration)) next = { ...next, decorations: [...next.decorations, decoration] }
  }
  return next
}

/** The colour of the numbers after 38 or 48: `5;INDEX`, or `2;RED;GREEN;BLUE`, which is none of ours. */
function longColourOf (rest: Iterator<number, undefined>): string {
  const isIndex = rest.next().value === 5
  const index = rest.next().value ?? 16
  if (isIndex) return index < 16 ? colours[index % 8] ?? '' : ''
  rest.next()
  rest.next()
  return ''
}

/** The colour of one of the short numbers: 30 to 37, 90 to 97; 39 is that of the text. */
function colourOf (number: number): string | undefined {
  if (number === 39) return ''
  return colours[number - 30] ?? colours[number - 90]
}

function classesOf ({ colour, decorations }: Style): string {
  return [...new Set([colour, ...decorations])].filter((name) => name !== '').map((name) => `ansi-${name}`).join(' ')
}
