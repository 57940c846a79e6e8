import type { Entity, FormattedText } from './formatting.ts'
import { badRequest } from './refusal.ts'

const reserved = new Set('_*[]()~`>#+-=|{}.!')
const types: Record<string, [type: string, name: string]> = {
  '*': ['bold', 'Bold'],
  _: ['italic', 'Italic'],
  __: ['underline', 'Underline'],
  '~': ['strikethrough', 'Strikethrough'],
  '||': ['spoiler', 'Spoiler'],
  '`': ['code', 'Code'],
  '```': ['pre', 'Pre'],
  '[': ['text_link', 'TextUrl']
}

interface Opened {
  mark: string
  /** In the text, and in the source, in bytes. */
  at: number
  offset: number
}

/** Reads a text with `parse_mode: MarkdownV2`. */
export function parseMarkdown (source: string): FormattedText {
  const entities: Entity[] = []
  const open: Opened[] = []
  let text = ''
  const close = ({ mark, at }: Opened, more: { url?: string } = {}) => {
    if (text.length > at) entities.push({ type: types[mark]![0], offset: at, length: text.length - at, ...more })
  }
  for (let at = 0; at < source.length;) {
    const last = open.at(-1)
    const isCode = last?.mark === '`' || last?.mark === '```'
    const mark = markAt(source, at)
    if (source[at] === '\\' && at + 1 < source.length && source.charCodeAt(at + 1) < 127) {
      text += source[at + 1]
      at += 2
    } else if (mark !== undefined && mark === last?.mark && mark !== '[') {
      open.pop()
      close(last)
      at += mark.length
    } else if (isCode || !reserved.has(source[at]!)) {
      text += source[at++]
    } else if (source[at] === ']' && last?.mark === '[') {
      open.pop()
      const [whole = '', url = ''] = /^\]\(((?:\\.|[^)\\])*)\)/.exec(source.slice(at)) ?? []
      if (whole === '') throw failed(`Can't find end of a URL at byte offset ${Buffer.byteLength(source.slice(0, at))}`)
      close(last, { url: url.replace(/\\(.)/g, '$1') })
      at += whole.length
    } else if (mark !== undefined) {
      open.push({ mark, at: text.length, offset: Buffer.byteLength(source.slice(0, at)) })
      at += mark.length
    } else {
      throw failed(`Character '${source[at]}' is reserved and must be escaped with the preceding '\\'`)
    }
  }
  const last = open.at(-1)
  if (last) throw failed(`Can't find end of ${types[last.mark]![1]} entity at byte offset ${last.offset}`)
  return { text, entities }
}

function markAt (source: string, at: number): string | undefined {
  return ['```', '__', '||', '*', '_', '~', '`', '['].find((mark) => source.startsWith(mark, at))
}

function failed (what: string): Error {
  return badRequest(`can't parse entities: ${what}`)
}
