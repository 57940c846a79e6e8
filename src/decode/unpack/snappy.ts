import { BadRequest, TooLarge } from '../../errors.ts'
import { runAtOnce, stepBytes } from '../steps.ts'

/** Bytes of a literal that is copied one by one: for a longer one a native copy is faster. */
const maxShortBytes = 31

/**
 * Unpacks Snappy's block format. Throws BadRequest if it is incomplete or copies from bytes that do not exist, and
 * TooLarge if the result would have more than `limit` bytes, before it takes memory.
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 */
export function unsnap (packed: Buffer, limit: number): Buffer {
  return runAtOnce(unsnapSteps(packed, limit))
}

/** As unsnap, in steps. */
export function * unsnapSteps (packed: Buffer, limit: number): Generator<undefined, Buffer, void> {
  let at = 0
  let length = 0
  for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
    if (shift > 28 || at === packed.length) throw malformed()
    byte = packed[at++] ?? 0
    length += (byte & 0x7f) * 2 ** shift
  }
  if (length > limit) throw new TooLarge(`the body must have ${limit} bytes at most, unpacked`)

  const unpacked = Buffer.alloc(length)
  let end = 0
  let pauseAt = stepBytes
  while (at < packed.length) {
    if (at + end >= pauseAt) {
      pauseAt = at + end + stepBytes
      yield
    }
    const tag = packed[at++] ?? 0
    const kind = tag & 3
    const upper = tag >> 2
    // Bytes of the number after the tag: the size of a long literal, or the distance of a copy.
    const bytes = kind === 0 ? Math.max(0, upper - 59) : kind === 3 ? 4 : kind
    if (at + bytes > packed.length) throw malformed()
    let number = 0
    for (let index = at + bytes - 1; index >= at; index--) number = number * 256 + (packed[index] ?? 0)
    at += bytes

    if (kind === 0) {
      const size = (bytes === 0 ? upper : number) + 1
      if (at + size > packed.length || end + size > length) throw malformed()
      if (size > maxShortBytes) packed.copy(unpacked, end, at, at + size)
      else for (let index = 0; index < size; index++) unpacked[end + index] = packed[at + index] ?? 0
      at += size
      end += size
    } else {
      const size = kind === 1 ? (upper & 7) + 4 : upper + 1
      const back = kind === 1 ? (tag >> 5) * 256 + number : number
      if (back === 0 || back > end || end + size > length) throw malformed()
      // Byte by byte, because a copy may reach into the bytes that it writes.
      for (const stop = end + size; end < stop; end++) unpacked[end] = unpacked[end - back] ?? 0
    }
  }
  if (end < length) throw malformed()
  return unpacked
}

function malformed (): Error {
  return new BadRequest('body must be packed by snappy')
}
