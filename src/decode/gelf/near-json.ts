// Near-JSON that senders of GELF write, by hand or by a template, and that Graylog reads:
//
//   {"a":1,}     a comma behind the last value
//   "two
//   lines"       a line break, a tab or another control character within a string, as it is
//
// Anything else that is no JSON has more than one meaning, and is refused.
//
// Source: Graylog's GelfCodec, which enables ALLOW_TRAILING_COMMA and ALLOW_UNQUOTED_CONTROL_CHARS of Jackson;
// https://github.com/Graylog2/graylog2-server/pull/6325.
import { withoutLatin1 } from '../unpack/charset.ts'
import { endOfString } from '../json/repeated-names.ts'
import { parseJson } from '../json/parse.ts'

/** Bytes of a text that is mended in one go: all that a message of UDP can hold, 128 chunks of 8 KiB. */
const maxMendedBytes = 1024 * 1024

const controls = /[\0-\x1f]/g // eslint-disable-line no-control-regex
const closesNext = /[ \t\r\n]*[}\]]/y

/** The JSON that near-JSON means; undefined where there is nothing to mend. */
export function mendJson (bytes: Buffer): Buffer | undefined {
  if (bytes.length > maxMendedBytes) return undefined
  const text = withoutLatin1(bytes).toString()
  const mended: string[] = []
  let copied = 0
  /** The last character outside of strings that is no white space. */
  let last = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') {
      const end = endOfString(text, at)
      mended.push(text.slice(copied, at), text.slice(at, end).replace(controls, escapeOf))
      copied = at = end
      last = char
    } else if (char > ' ') {
      closesNext.lastIndex = at + 1
      if (char === ',' && hasValue(last) && closesNext.test(text)) {
        mended.push(text.slice(copied, at))
        copied = at + 1
      }
      last = char
    }
  }
  const all = mended.join('') + text.slice(copied)
  return all === text ? undefined : Buffer.from(all)
}

/** The JSON that a whole body means which has a line break within a string; undefined where it is not one value. */
export function mendWhole (body: Buffer): Buffer | undefined {
  const mended = mendJson(body)
  if (!mended?.includes(escapeOf('\n'))) return undefined
  try {
    parseJson(mended)
    return mended
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
