import t from 'tap'
import { cursorOf, pageCursorOf, pageStartOf, positionOf } from '../../../src/query/cursor.ts'

const at = '2026-11-26 12:00:00.000001'

await t.test('a cursor gives the position that it was made of', async (t) => {
  for (const position of [{ at }, { at, id: '18446744073709551615', userId: 4_294_967_295 }]) {
    const cursor = cursorOf(position)
    t.match(cursor, /^[\w-]+$/, 'needs no escapes in a URL')
    t.strictSame(positionOf(cursor), position)
    t.equal(cursor, Buffer.from(Object.values(position).join()).toString('base64url'), 'is base64url')
  }
})

await t.test('any other text is refused', async (t) => {
  const texts = ['2026-13-26 12:00:00.000001', `${at},18446744073709551616,1`, `${at},1,4294967296`, `${at} `, 'é', '0001-01-01 00:00:00.000000']
  const cursors = ['', 'a', 'abc', '%%', `${cursorOf({ at })}=`, `${cursorOf({ at })}A`, ...texts.map((text) => Buffer.from(text).toString('base64url'))]
  for (const cursor of cursors) t.throws(() => positionOf(cursor), { message: 'invalid cursor', statusCode: 400 }, cursor)
})

await t.test('a cursor of a list gives the list as well', async (t) => {
  const page = { position: { at, id: '1', userId: 2 }, from: undefined, to: at, asOf: at, list: 'abc-_DEF' }
  for (const start of [page, { ...page, position: { at }, from: at, to: undefined }]) {
    const cursor = pageCursorOf(start)
    t.match(cursor, /^[\w-]+$/, 'needs no escapes in a URL')
    t.strictSame(pageStartOf(cursor), start)
    for (const other of [cursorOf({ at }), `${cursor}A`, pageCursorOf({ ...start, asOf: '' }), pageCursorOf({ ...start, from: 'x' }), pageCursorOf({ ...start, list: 'short' })]) {
      t.throws(() => pageStartOf(other), { message: 'invalid cursor', statusCode: 400 }, other)
    }
  }
})
