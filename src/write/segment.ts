// A segment of the spool: a file that is only appended to, a batch at a time.
//
//   file   = "LBSPOOL1" frame*
//   frame  = marker (ff 4c 42 52), length of the body (u32, little endian),
//            CRC-32 of the body (u32, little endian), body
//   body   = JSON in UTF-8: {"userId":1,"key":"<base64>","firstId":"<decimal>","records":[LogRecord],
//            "rejected":[Rejected],"once":{"hashes":"<base64>","windowMs":600000}}
//
// The marker's first byte does not occur in UTF-8, so the next intact frame after a damaged one can be found: only the
// damaged frame is lost. A frame that a crash cut short is at the end of a file and was never acknowledged; it can't be
// told from later damage, so it is reported as damage.
import { crc32 } from 'node:zlib'
import type { SizedBatch } from './batch.ts'

export const fileHeader = Buffer.from('LBSPOOL1', 'latin1')

const marker = Buffer.from([0xff, 0x4c, 0x42, 0x52])
const frameHeaderLength = 12

const notABatch = 'the frame is intact, but holds no batch: another program or version wrote it'
const truncated = 'incomplete at the end of the file: cut short before it was acknowledged, or truncated later'
const corrupted = 'the checksum is wrong: the file was damaged on the disk'

/** A segment as a file. */
export interface Segment {
  file: string
  bytes: number
  /** When its first batch arrived, in milliseconds since 1970. */
  createdAt: number
  /** When it was drained, in milliseconds since 1970, if it is kept since; see drained.ts. */
  drainedAt?: number
  /** Whether all of its batches were returned by `next` and finished or deferred. */
  isRead?: boolean
  /** Number of its batches that are deferred. */
  deferred: number
  isDamaged?: boolean
  /** Why it can't be read, and when reading is retried, by the monotonic clock. */
  problem?: string
  retryAt?: number
}

/** A part of a file without an intact frame. */
export interface Damage {
  bytes: Buffer
  reason: string
}

/** Encodes a batch as a frame. */
export function toFrame ({ userId, key, firstId, records, rejected, once }: SizedBatch): Buffer {
  const onceWritten = once && { hashes: once.hashes.toString('base64'), windowMs: once.windowMs }
  const body = Buffer.from(JSON.stringify({
    userId,
    key: key.toString('base64'),
    firstId: firstId.toString(),
    records,
    rejected,
    once: onceWritten
  }))
  const header = Buffer.alloc(frameHeaderLength)
  marker.copy(header)
  header.writeUInt32LE(body.length, 4)
  header.writeUInt32LE(crc32(body), 8)
  return Buffer.concat([header, body])
}

/** Yields the batches and the damaged parts of a segment, in order. */
export function * readSegment (file: Buffer): Generator<SizedBatch | Damage> {
  let at = file.subarray(0, fileHeader.length).equals(fileHeader) ? fileHeader.length : 0
  while (at < file.length) {
    const body = bodyAt(file, at)
    if (body) {
      yield fromBody(body) ?? { bytes: body, reason: notABatch }
      at += frameHeaderLength + body.length
      continue
    }
    const next = nextFrame(file, at + 1)
    yield {
      bytes: file.subarray(at, next),
      reason: next === file.length ? truncated : corrupted
    }
    at = next
  }
}

/** The body of the frame that begins at `at`; undefined if it is not intact. */
function bodyAt (file: Buffer, at: number): Buffer | undefined {
  const start = at + frameHeaderLength
  if (start > file.length || !file.subarray(at, at + marker.length).equals(marker)) return undefined
  const length = file.readUInt32LE(at + 4)
  if (start + length > file.length) return undefined
  const body = file.subarray(start, start + length)
  return crc32(body) === file.readUInt32LE(at + 8) ? body : undefined
}

/** Where the next intact frame begins, or the file ends. */
function nextFrame (file: Buffer, from: number): number {
  for (let at = file.indexOf(marker, from); at !== -1; at = file.indexOf(marker, at + 1)) {
    if (bodyAt(file, at)) return at
  }
  return file.length
}

/** Decodes a batch; undefined if the body is not one. */
function fromBody (body: Buffer): SizedBatch | undefined {
  try {
    const { userId, key, firstId, records, rejected, once } = JSON.parse(body.toString())
    if (!Number.isInteger(userId) || !Array.isArray(records) || !Array.isArray(rejected ?? [])) return undefined
    const onceRead = once && { hashes: Buffer.from(once.hashes, 'base64'), windowMs: once.windowMs }
    return {
      userId,
      key: Buffer.from(key, 'base64'),
      firstId: BigInt(firstId),
      bytes: body.length,
      records,
      rejected,
      ...once && { once: onceRead }
    }
  } catch {
    return undefined
  }
}
