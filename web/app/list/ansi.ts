// Colours of terminals, as classes: everything else that an escape sequence may say is dropped (ECMA-48).

export interface Styled {
  text: string
  /** Classes of the style sheet, such as `ansi-red ansi-bold`. */
  classes: string
}

/** Parts of a text that have styles of their own; what follows them has none. */
const maxParts = 400

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
type Name = typeof names[number]

/* eslint-disable no-control-regex -- these are the characters that begin and end sequences */
const sequence = new RegExp([
  // Titles, links, clipboards: OSC, DCS, SOS, PM and APC carry a text of their own.
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)/,
  /(?:\u001b\[|\u009b)(?<parameters>[0-?]*)[ -/]*(?<final>[@-~])/,
  /\u001b[ -/]*[0-~]?/
].map(({ source }) => source).join('|'), 'g')

/** Whether a text has escape sequences at all; most have none. */
export function hasEscapes (text: string): boolean {
  return /[\u001b\u0090\u0098\u009b\u009d-\u009f]/.test(text)
}
/* eslint-enable no-control-regex */

interface Style {
  colour?: Name
  ground?: Name
  marks: ReadonlySet<string>
}

/** A text as it reads in a terminal, without colours. */
export function plainOf (text: string): string {
  return hasEscapes(text) ? styledPartsOf(text).map(({ text }) => text).join('') : text
}

export function styledPartsOf (text: string): Styled[] {
  const parts: Styled[] = []
  let style: Style = { marks: new Set() }
  let from = 0
  const add = (end: number) => {
    const classes = parts.length < maxParts ? classesOf(style) : ''
    const last = parts.at(-1)
    if (from === end) return
    if (last?.classes === classes) last.text += text.slice(from, end)
    else parts.push({ text: text.slice(from, end), classes })
  }
  for (const match of text.matchAll(sequence)) {
    add(match.index)
    from = match.index + match[0].length
    if (match.groups?.final === 'm') style = change(style, match.groups.parameters ?? '')
  }
  add(text.length)
  return parts
}

function classesOf ({ colour, ground, marks }: Style): string {
  const classes = [...colour ? [colour] : [], ...ground ? [`on-${ground}`] : [], ...marks]
  return classes.map((name) => `ansi-${name}`).join(' ')
}

const marks = new Map([[1, 'bold'], [2, 'dim'], [3, 'italic'], [4, 'underline'], [9, 'strike']])
/** Codes that end marks. */
const ends = new Map([[22, ['bold', 'dim']], [23, ['italic']], [24, ['underline']], [29, ['strike']]])

/** Applies the codes of one sequence to a style. */
function change (style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number)
  let next = style
  for (let code = codes.shift(); code !== undefined; code = codes.shift()) {
    const mark = marks.get(code)
    const ended = ends.get(code)
    if (code === 0) next = { marks: new Set() }
    else if (mark !== undefined) next = { ...next, marks: new Set([...next.marks, mark]) }
    else if (ended) next = { ...next, marks: new Set([...next.marks].filter((mark) => !ended.includes(mark))) }
    else if (code === 38 || code === 48) next = { ...next, [code === 38 ? 'colour' : 'ground']: extended(codes) }
    else next = { ...next, ...basic(code) }
  }
  return next
}

/** One of the 16 colours, for the text or the ground. */
function basic (code: number): Partial<Style> {
  const tens = Math.floor(code / 10)
  const colour = code % 10 === 9 ? undefined : names[code % 10]
  if (tens === 3 || tens === 9) return { colour }
  return tens === 4 || tens === 10 ? { ground: colour } : {}
}

/** Takes a colour of the 256, or by its red, green and blue, as the nearest of the eight. */
function extended (codes: number[]): Name | undefined {
  if (codes.shift() === 2) return nearest(codes.shift() ?? 0, codes.shift() ?? 0, codes.shift() ?? 0)
  const code = codes.shift() ?? 0
  if (code < 16) return names[code % 8]
  if (code > 231) return 'white'
  return nearest(Math.floor((code - 16) / 36), Math.floor((code - 16) / 6) % 6, (code - 16) % 6)
}

/** The name of the hue; white, which is grey here, for colours that hardly have one. */
function nearest (red: number, green: number, blue: number): Name {
  const largest = Math.max(red, green, blue)
  const isHigh = (part: number) => part > largest * 0.6
  const place = (isHigh(red) ? 1 : 0) + (isHigh(green) ? 2 : 0) + (isHigh(blue) ? 4 : 0)
  return names[place] ?? 'white'
}
