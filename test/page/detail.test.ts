import t from 'tap'
import { isAbout, nameOf, nodesOf } from '../../web/app/detail/nodes.ts'
import { piecesOf } from '../../web/app/detail/stack.ts'
import { styledPartsOf } from '../../web/app/list/ansi.ts'
import { firstLineOf, partsOf } from '../../web/app/list/printable.ts'

t.test('attributes are lines of a tree', async (t) => {
  const value = { order: { id: 'A-1', lines: [{ sum: 2 }] }, ok: true, none: null, __proto__x: 1, empty: {} }
  const lines = [...nodesOf(value)].map((node) => [nameOf(node), node.value ?? node.parts, node.depth])
  t.strictSame(lines, [
    ['order', 2, 1], ['order.id', 'A-1', 2], ['order.lines', 1, 2], [undefined, 1, 3], [undefined, 2, 4],
    ['ok', true, 1], ['none', 0, 1], ['__proto__x', 1, 1], ['empty', 0, 1]
  ])
  t.strictSame([...nodesOf(value, (path) => path[0] === 'order')].length, 5)
  t.ok([...nodesOf(value)].filter((node) => isAbout(node, 'a-1')).length === 1)
})

t.test('frames of libraries are folded, own ones are not', async (t) => {
  const message = `TypeError: no
    at charge (/srv/api/pay.js:41:17)
    at a (/srv/api/node_modules/x/a.js:1:1)
    at b (/srv/api/node_modules/x/b.js:1:1)
    at c (node:internal/process:1:1)
    at main (/srv/api/main.js:1:1)`
  t.strictSame(piecesOf(message).map(({ lines, isFolded }) => [lines.length, isFolded]), [[2, false], [3, true], [1, false]])
  t.equal(piecesOf(message).flatMap(({ lines }) => lines).join('\n'), message)
  t.strictSame(piecesOf('a\n    at b (node_modules/x.js)\nc'), [{ lines: ['a', '    at b (node_modules/x.js)', 'c'], isFolded: false }])
})

t.test('colours of terminals are classes, and nothing else of a terminal is left', async (t) => {
  t.strictSame(styledPartsOf('\u001b[31mred\u001b[0m \u001b[1mbold\u001b[0m\u001b]0;title\u0007\u001b[2Jx'), [
    { text: 'red', classes: 'ansi-red' }, { text: ' ', classes: '' }, { text: 'bold', classes: 'ansi-bold' }, { text: 'x', classes: '' }
  ])
  for (const hostile of ['\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007', '\u001b]52;c;aGk=\u0007', '\u001bP+q\u001b\\', '\u009d0;x\u009c']) {
    t.notMatch(styledPartsOf(hostile).map(({ text }) => text).join(''), /javascript|aGk|q|;/)
  }
})

t.test('characters that could not be seen are named', async (t) => {
  t.strictSame(partsOf('a\u202eb\tc\n'), [{ text: 'a', isChip: false }, { text: 'U+202E', isChip: true }, { text: 'b\tc\n', isChip: false }])
  t.strictSame(partsOf('\ud800\u2028'), [{ text: 'U+D800', isChip: true }, { text: 'U+2028', isChip: true }])
  t.strictSame(firstLineOf('a\r\nb\nc\n'), { line: 'a', more: 2 })
})
