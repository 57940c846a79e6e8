import { brotliCompressSync, constants } from 'node:zlib'

/** Packs a bomb: at the default quality, 256 MB take ten times as long and become no smaller. */
export function packBrotli (bytes: Buffer): Buffer {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })
}

/** Texts that would run, reach out, reorder or break a page that took them for more than texts. */
export const hostileTexts: readonly string[] = [
  '<script>globalThis.hit = 1</script>',
  '<img src=x onerror="globalThis.hit = 1">',
  '</textarea></title></style><svg onload="globalThis.hit = 1">',
  '"><a href="javascript:globalThis.hit = 1" autofocus onfocus="globalThis.hit = 1">',
  'javascript:globalThis.hit = 1',
  'https://stranger.example/track.png?{{7*7}}#{7*7}',
  '<link rel=stylesheet href=https://stranger.example/x.css><style>* { display: none }</style>',
  '\u001b[31m'.repeat(2000) + 'colours',
  '\u001b]8;;https://stranger.example\u0007link\u001b]8;;\u0007 \u001b]52;c;aGk=\u0007 \u001b]0;title\u0007 \u001b[2J\u001b[1;1H',
  'order \u202e1042 deniced\u202c \u2066isolated\u2069 \u200ezero\u200b\u200dwidth\ufeff',
  `${'\u0301\u0302\u0303'.repeat(100)}a${'\u0334'.repeat(300)}`,
  'one\u2028two\u2029three\u0085four\u0000five\u0007',
  '\ud800 lone \udfff',
  '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "a": "<script>globalThis.hit = 1</script>"}',
  'x'.repeat(1_000_000),
  `${'deep '.repeat(20)}\n`.repeat(500)
]

/** Attributes of the same kind: many, deep, and with names that objects have anyway. */
export function hostileAttributes (): Record<string, unknown> {
  let deep: unknown = 'bottom'
  for (let depth = 0; depth < 64; depth++) deep = { [`d${depth}`]: deep }
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`key ${index}`, index]))
  return {
    ...many,
    deep,
    constructor: '<b onclick="globalThis.hit = 1">bold</b>',
    '<img src=x onerror="globalThis.hit = 1">': 'name',
    link: 'javascript:globalThis.hit = 1',
    json: '{"a": "<script>globalThis.hit = 1</script>"}'
  }
}
