import type { Entity, FormattedText } from './formatting.ts'
import { badRequest } from './refusal.ts'

const types: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  code: 'code',
  pre: 'pre',
  a: 'text_link',
  blockquote: 'blockquote',
  'tg-emoji': 'custom_emoji'
}
const characters: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' }

interface OpenTag {
  tag: string
  at: number
  url: string | undefined
}

/** Reads a text with `parse_mode: HTML`. */
export function parseHtml (source: string): FormattedText {
  const entities: Entity[] = []
  const open: OpenTag[] = []
  let text = ''
  for (let at = 0; at < source.length;) {
    const character = source[at]
    if (character === '&') {
      const [whole = '&', code = ''] = /^&(#x[\da-f]+|#\d+|[a-z]+);/i.exec(source.slice(at, at + 12)) ?? []
      text += decoded(code) ?? whole
      at += whole.length
    } else if (character !== '<') {
      text += character
      at++
    } else if (source[at + 1] === '/') {
      at = closeTag(source, at, open, (tag) => {
        const type = types[tag.tag]!
        if (text.length > tag.at) entities.push({ type, offset: tag.at, length: text.length - tag.at, ...tag.url !== undefined && { url: tag.url } })
      })
    } else {
      const { tag, url, end } = openTag(source, at)
      open.push({ tag, at: text.length, url })
      at = end
    }
  }
  const last = open.at(-1)
  if (last) throw failed(`Can't find end tag corresponding to start tag "${last.tag}"`)
  return { text, entities }
}

function openTag (source: string, at: number): { tag: string, url: string | undefined, end: number } {
  const offset = Buffer.byteLength(source.slice(0, at))
  const [, name = ''] = /^<([^\s>]*)/.exec(source.slice(at)) ?? []
  const end = source.indexOf('>', at)
  if (end === -1) throw failed(`Unclosed start tag at byte offset ${offset}`)
  const tag = name.toLowerCase()
  if (types[tag] === undefined) throw failed(`Unsupported start tag "${tag}" at byte offset ${offset}`)
  const attributes = source.slice(at + 1 + name.length, end)
  if (tag === 'span' && !/class=["']tg-spoiler["']/.test(attributes)) throw failed(`Tag "span" must have class "tg-spoiler" at byte offset ${offset}`)
  const [, , url] = /href=(["'])(.*?)\1/.exec(attributes) ?? []
  return { tag, url, end: end + 1 }
}

function closeTag (source: string, at: number, open: OpenTag[], close: (tag: OpenTag) => void): number {
  const offset = Buffer.byteLength(source.slice(0, at))
  const tag = open.pop()
  if (!tag) throw failed(`Unexpected end tag at byte offset ${offset}`)
  const end = source.indexOf('>', at)
  if (end === -1) throw failed(`Unclosed end tag at byte offset ${offset}`)
  const name = source.slice(at + 2, end).trim().toLowerCase()
  if (name !== '' && name !== tag.tag) throw failed(`Unmatched end tag at byte offset ${offset}, expected "</${tag.tag}>", found "</${name}>"`)
  close(tag)
  return end + 1
}

function decoded (code: string): string | undefined {
  if (!code.startsWith('#')) return characters[code]
  const point = code[1]?.toLowerCase() === 'x' ? Number.parseInt(code.slice(2), 16) : Number(code.slice(1))
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined
}

function failed (what: string): Error {
  return badRequest(`can't parse entities: ${what}`)
}
