import { structureOf, textOf } from './parameters.ts'
import { badRequest } from './refusal.ts'

export interface Button {
  text: string
  callback_data?: string
  url?: string
}

const maxDataBytes = 64
const maxButtons = 100

/** The buttons below a message. Throws Refusal with the error texts of the Bot API. */
export function buttonsOf (markup: unknown): Button[][] {
  const given = structureOf(markup, 'reply keyboard markup')
  if (given === undefined || given === null) return []
  if (typeof given !== 'object') throw badRequest('object expected as reply markup')
  const { inline_keyboard: rows = [] } = given as { inline_keyboard?: unknown }
  if (!Array.isArray(rows)) throw badRequest('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
  const buttons = rows.map((row: unknown) => {
    if (!Array.isArray(row)) throw badRequest("can't parse inline keyboard: expected an Array of Array of InlineKeyboardButton")
    return row.map(buttonOf)
  })
  if (buttons.flat().length > maxButtons) throw badRequest('REPLY_MARKUP_TOO_LONG')
  return buttons.filter((row) => row.length > 0)
}

function buttonOf (given: Record<string, unknown>): Button {
  const text = textOf(given.text) ?? ''
  if (text.trim() === '') throw badRequest("can't parse inline keyboard button: field \"text\" must be a non-empty String")
  if (given.url !== undefined) return { text, url: validUrl(textOf(given.url) ?? '') }
  const data = textOf(given.callback_data)
  if (data === undefined) throw badRequest("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
  const bytes = Buffer.byteLength(data)
  if (bytes === 0 || bytes > maxDataBytes) throw badRequest('BUTTON_DATA_INVALID')
  return { text, callback_data: data }
}

/** An address that Telegram takes: of http, https or tg, and not of a host without a dot. */
function validUrl (url: string): string {
  const isValid = URL.canParse(url) && /^(https?|tg):$/.test(new URL(url).protocol) && (url.startsWith('tg:') || new URL(url).hostname.includes('.'))
  if (!isValid) throw badRequest(`inline keyboard button URL '${url}' is invalid: Wrong HTTP URL`)
  return url
}
