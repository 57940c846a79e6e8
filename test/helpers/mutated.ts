import fc from 'fast-check'

/** Real bytes, with some of them changed, removed or doubled. */
export function mutated (bytes: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.nat({ max: bytes.length - 1 })
  const change = fc.oneof(
    fc.tuple(place, fc.nat({ max: 255 })).map(([at, byte]) => (bytes: Buffer) => Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at + 1)])),
    fc.tuple(place, place).map(([start, end]) => (bytes: Buffer) => Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]))
  )
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => changes.reduce((bytes, change) => change(bytes), bytes))
}
