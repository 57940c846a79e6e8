// Logs with their long texts cut, for lists.
import type { Cut, LogRecord } from '../model/record.ts'
import { firstCharacters } from '../text/cut.js'

/** Bytes of the JSON of the attributes of a cut log; larger ones are left out, because a part of them is no JSON. */
export const maxCutAttributesBytes = 65_536

/** Cuts the message, and the texts inside the attributes, to a number of characters (Unicode code points). */
export function cutLog<Log extends LogRecord & { cut?: Cut }> (log: Log, characters: number): Log {
  const message = firstCharacters(log.message, characters)
  const attributes = cutAttributes(log.attributes, characters)
  const cut: Cut = {
    // Of a message that the database has cut to one character more, the database gave the size.
    ...message !== log.message && { message: log.cut?.message ?? Buffer.byteLength(log.message) },
    ...(attributes !== log.attributes || log.cut?.attributes) && { attributes: true }
  }
  return { ...log, message, attributes, cut: Object.keys(cut).length === 0 ? undefined : cut }
}

/** The same object where nothing is cut. */
function cutAttributes (attributes: LogRecord['attributes'], characters: number): LogRecord['attributes'] {
  if (attributes === null) return null
  if (Buffer.byteLength(JSON.stringify(attributes)) > maxCutAttributesBytes) return null
  return hasLonger(attributes, characters) ? cutInside(attributes, characters) : attributes
}

function hasLonger (value: unknown, characters: number): boolean {
  if (typeof value === 'string') return firstCharacters(value, characters) !== value
  return typeof value === 'object' && value !== null && Object.values(value).some((one) => hasLonger(one, characters))
}

function cutInside (attributes: Record<string, unknown>, characters: number): Record<string, unknown> {
  return JSON.parse(JSON.stringify(attributes), (_name, value: unknown) => (
    typeof value === 'string' ? firstCharacters(value, characters) : value
  ))
}
