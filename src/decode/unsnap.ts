import { BadRequest, TooLarge } from '../errors.ts'

/**
 * Unpacks Snappy's block format. Throws BadRequest where it is not whole or refers to what is not
 * there, and TooLarge where it would have more than so many bytes, before they take memory.
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 */
export function unsnap (packed: Buffer, limit: number): Buffer {
  let at = 0
  const take = (bytes: number): number => {
    if (at + bytes > packed.length) throw malformed()
    at += bytes
    return bytes === 0 ? 0 : packed.readUIntLE(at - bytes, bytes)
  }

  let length = 0
  for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
    if (shift > 28) throw malformed()
    byte = take(1)
    length += (byte & 0x7f) * 2 ** shift
  }
  if (length > limit) throw new TooLarge(`the body must have ${limit} bytes at most, unpacked`)

  const unpacked = Buffer.alloc(length)
  let end = 0
  while (at < packed.length) {
    const tag = take(1)
    const kind = tag & 3
    const upper = tag >> 2
    if (kind === 0) {
      const size = (upper < 60 ? upper : take(upper - 59)) + 1
      if (at + size > packed.length || end + size > length) throw malformed()
      packed.copy(unpacked, end, at, at + size)
      at += size
      end += size
    } else {
      const size = kind === 1 ? (upper & 7) + 4 : upper + 1
      const back = kind === 1 ? (tag >> 5) * 256 + take(1) : take(kind === 2 ? 2 : 4)
      if (back === 0 || back > end || end + size > length) throw malformed()
      // It may go on into what it writes, so byte by byte.
      for (const stop = end + size; end < stop; end++) unpacked[end] = unpacked[end - back]!
    }
  }
  if (end < length) throw malformed()
  return unpacked
}

function malformed (): Error {
  return new BadRequest('body must be packed by snappy')
}
