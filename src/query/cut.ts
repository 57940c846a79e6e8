// Logs whose long texts are cut, for lists that people look through.
import type { Cut, LogRecord } from '../model/record.ts'
import { countCharacters, firstCharacters } from '../text/cut.js'

/** Characters of JSON of the attributes of a cut log; larger ones are left out, because a part of them is no JSON. */
export const maxCutAttributes = 65_536

/** Cuts the message, and the texts inside the attributes, to a number of characters. */
export function cutLog<Log extends LogRecord & { cut?: Cut }> (log: Log, characters: number): Log {
  const message = firstCharacters(log.message, characters)
  const attributes = cutAttributes(log.attributes, characters)
  const cut: Cut = {
    ...message !== log.message && { message: countCharacters(log.message) },
    ...attributes !== log.attributes && { attributes: true },
    // What the database has cut already.
    ...log.cut
  }
  return Object.keys(cut).length === 0 ? log : { ...log, message, attributes, cut }
}

/** The same object where nothing is cut. */
function cutAttributes (attributes: LogRecord['attributes'], characters: number): LogRecord['attributes'] {
  if (attributes === null) return null
  if (JSON.stringify(attributes).length > maxCutAttributes) return null
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
