// Texts of messages as the Bot API reads them: parse modes, entities, what it removes, what it makes clickable.
import { parseHtml } from './html.ts'
import { parseMarkdown } from './markdown.ts'
import { structureOf, textOf, type Parameters } from './parameters.ts'
import { badRequest } from './refusal.ts'

/** A part of a text; offset and length in UTF-16 units. */
export interface Entity {
  type: string
  offset: number
  length: number
  url?: string
  language?: string
}

export interface FormattedText {
  text: string
  entities: Entity[]
}

const maxUnits = 4096
const maxEntities = 100
const entityTypes = new Set([
  'bold', 'italic', 'underline', 'strikethrough', 'spoiler', 'blockquote', 'expandable_blockquote', 'code', 'pre',
  'text_link', 'text_mention', 'custom_emoji', 'mention', 'hashtag', 'cashtag', 'bot_command', 'url', 'email', 'phone_number'
])
/** Types that a client cannot give: the server finds them by itself. */
const foundTypes = new Set(['mention', 'hashtag', 'cashtag', 'bot_command', 'url', 'email', 'phone_number'])
/** Control characters become spaces; directions of writing, line and paragraph separators vanish. */
const controls = /[\0-\x09\x0b\x0c\x0e-\x1f]/g // eslint-disable-line no-control-regex
const removed = /[\r\u2028-\u202e]/

/** The text of a message, formatted. Throws Refusal with the error texts of the Bot API. */
export function formatted (parameters: Parameters, tooLong: string): FormattedText {
  const given = textOf(parameters.text) ?? ''
  if (!given.isWellFormed()) throw badRequest('strings must be encoded in UTF-8')
  if (given === '') throw badRequest('message text is empty')
  const { text, entities } = trimmed(cleaned(parsed(given, parameters)))
  if (text === '') throw badRequest('message text is empty')
  if (text.length > maxUnits) throw badRequest(tooLong)
  const shown = entities.filter(({ type }) => !foundTypes.has(type))
  return { text, entities: [...shown, ...found(text, shown)].sort((one, other) => one.offset - other.offset).slice(0, maxEntities) }
}

function parsed (text: string, { parse_mode: mode, entities }: Parameters): FormattedText {
  switch (textOf(mode)?.toLowerCase()) {
    case 'html': return parseHtml(text)
    case 'markdownv2': return parseMarkdown(text)
    case undefined: case '': return { text, entities: checkedEntities(text, structureOf(entities, 'entities')) }
    default: throw badRequest('unsupported parse_mode')
  }
}

function checkedEntities (text: string, given: unknown): Entity[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw badRequest("can't parse message entities: expected an Array")
  return given.map((entity: Partial<Entity>) => {
    const { type, offset, length } = entity
    if (typeof type !== 'string' || !entityTypes.has(type)) throw badRequest("can't parse MessageEntity: unsupported type specified")
    if (!Number.isInteger(offset) || offset! < 0 || offset! > 1_000_000) throw badRequest(`receive an entity with incorrect offset ${offset}`)
    if (!Number.isInteger(length) || length! < 0 || length! > 1_000_000) throw badRequest(`receive an entity with incorrect length ${length}`)
    const end = offset! + length!
    if (offset! > text.length) throw badRequest(`entity begins after the end of the text at UTF-16 offset ${offset}`)
    if (end > text.length) throw badRequest(`entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${end}`)
    if (isInside(text, offset!)) throw badRequest(`entity begins in a middle of a UTF-16 symbol at byte offset ${Buffer.byteLength(text.slice(0, offset))}`)
    if (isInside(text, end)) throw badRequest(`entity beginning at UTF-16 offset ${offset} ends in a middle of a UTF-16 symbol at UTF-16 offset ${end}`)
    return { ...entity, type, offset: offset!, length: length! }
  }).filter(({ length }) => length > 0)
}

/** Whether a position is between the two units of a surrogate pair. */
function isInside (text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1))
}

function cleaned ({ text, entities }: FormattedText): FormattedText {
  const spaced = text.replace(controls, ' ')
  const positions: number[] = []
  let kept = ''
  for (const unit of spaced.split('')) {
    positions.push(kept.length)
    if (!removed.test(unit)) kept += unit
  }
  positions.push(kept.length)
  return {
    text: kept,
    entities: entities.map((entity) => {
      const offset = positions[entity.offset]!
      return { ...entity, offset, length: positions[entity.offset + entity.length]! - offset }
    })
  }
}

function trimmed ({ text, entities }: FormattedText): FormattedText {
  const start = text.length - text.trimStart().length
  const kept = text.trim()
  return {
    text: kept,
    entities: entities.flatMap((entity) => {
      const offset = Math.max(0, entity.offset - start)
      const end = Math.min(kept.length, entity.offset + entity.length - start)
      return end > offset ? [{ ...entity, offset, length: end - offset }] : []
    })
  }
}

const clickable: Array<[type: string, expression: RegExp]> = [
  ['email', /[\w.+-]+@[\w-]+\.[a-z]{2,}/gi],
  ['url', /(?:(?:https?|tg|ftp):\/\/[^\s<>]+)|(?<![\w@.-])(?:[\w-]+\.)+(?:com|org|net|ru|io|dev|de|me|example)\b[^\s<>]*/gi],
  ['mention', /(?<![\w/])@[a-z]\w{2,31}\b/gi],
  ['bot_command', /(?<![\w/<>.])\/\w{1,64}(?:@\w{3,32})?(?![\w/])/g],
  ['hashtag', /(?<![\w#])#[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*/gu],
  ['cashtag', /(?<![\w$])\$[A-Z]{1,8}\b/g],
  ['phone_number', /(?<![\w+])\+\d{8,15}\b/g]
]

/** What the server makes clickable: nothing within code and links. */
function found (text: string, given: readonly Entity[]): Entity[] {
  const taken = given.filter(({ type }) => ['code', 'pre', 'text_link', 'text_mention'].includes(type))
  const result: Entity[] = []
  for (const [type, expression] of clickable) {
    for (const { index: offset, 0: { length } } of text.matchAll(expression)) {
      const overlaps = [...taken, ...result].some((entity) => offset < entity.offset + entity.length && entity.offset < offset + length)
      if (!overlaps) result.push({ type, offset, length })
    }
  }
  return result
}
