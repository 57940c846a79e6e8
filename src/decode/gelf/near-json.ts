// Near-JSON that senders of GELF write, by hand or by a template, and that Graylog reads:
//
//   {"a":1,}     a comma after the last value
//   "two
//   lines"       a line break, a tab or another control character within a string, unescaped
//
// Any other text that is not JSON has more than one meaning, and is refused.
//
// Source: Graylog's GelfCodec, which enables ALLOW_TRAILING_COMMA and ALLOW_UNQUOTED_CONTROL_CHARS of Jackson;
// https://github.com/Graylog2/graylog2-server/pull/6325.
import { withoutLatin1 } from '../unpack/charset.ts'
import { parseJson } from '../json/parse.ts'
import { endOfTextString } from '../json/strings.ts'

/** Bytes of a text that is repaired in one go: the most that a message of UDP can have, 128 chunks of 8 KiB. */
const maxRepairedBytes = 1024 * 1024

const controls = /[\0-\x1f]/g // eslint-disable-line no-control-regex
const closesNext = /[ \t\r\n]*[}\]]/y

/** JSON for near-JSON; undefined if there is nothing to repair. */
export function repairJson (bytes: Buffer): Buffer | undefined {
  if (bytes.length > maxRepairedBytes) return undefined
  const text = withoutLatin1(bytes).toString()
  const repaired: string[] = []
  let copied = 0
  /** Last character outside of strings that is not white space. */
  let last = ''
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') {
      const end = endOfTextString(text, at)
      repaired.push(text.slice(copied, at), text.slice(at, end).replace(controls, escapeOf))
      copied = end
      at = end - 1
      last = char
    } else if (char > ' ') {
      closesNext.lastIndex = at + 1
      if (char === ',' && hasValue(last) && closesNext.test(text)) {
        repaired.push(text.slice(copied, at))
        copied = at + 1
      }
      last = char
    }
  }
  const all = repaired.join('') + text.slice(copied)
  return all === text ? undefined : Buffer.from(all)
}

/** JSON for a whole body that has a line break within a string; undefined if it is not one value. */
export function repairWhole (body: Buffer): Buffer | undefined {
  const repaired = repairJson(body)
  if (!repaired?.includes(escapeOf('\n'))) return undefined
  try {
    parseJson(repaired)
    return repaired
  } catch {
    return undefined
  }
}

function escapeOf (control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Whether a value may end with this character. */
function hasValue (last: string): boolean {
  return last !== '' && !',:[{'.includes(last)
}
