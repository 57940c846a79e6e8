import fc from 'fast-check'
import t from 'tap'
import { hasEscapes, styledPartsOf } from '../../../../web/app/list/ansi.ts'

const stylesOf = (text: string) => styledPartsOf(text).map(({ text, classes }) => `${text}:${classes}`)

t.test('colours and decorations of terminals are classes', async (t) => {
  const cases: Record<string, string[]> = {
    'a\u001b[31mb\u001b[0mc': ['a:', 'b:ansi-red', 'c:'],
    '\u001b[1;4;92mx\u001b[22my\u001b[mz': ['x:ansi-green ansi-bold ansi-underline', 'y:ansi-green ansi-underline', 'z:'],
    '\u001b[1;1mx': ['x:ansi-bold'],
    '\u001b[38;5;12mx\u001b[39my': ['x:ansi-blue', 'y:'],
    '\u001b[31;38;5;200mx\u001b[48;5;1my\u001b[38;2;1;2;3;1mz': ['x:ansi-magenta', 'y:ansi-magenta ansi-on-red', 'z:ansi-cyan ansi-on-red ansi-bold'],
    '\u001b[41;101;5;8mx\u001b[49my': ['x:ansi-on-red', 'y:'],
    '\u001b[38;2;250;180;10mx\u001b[38;5;240my\u001b[9;39mz': ['x:ansi-yellow', 'y:ansi-white', 'z:ansi-strike'],
    '\u009b32mx': ['x:ansi-green'],
    '\u001b[2Jx\u001b[1;1Hy\u001b(Bz': ['xyz:'],
    '\u001b]0;title\u0007x\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\': ['xlink:'],
    '\u001b]52;c;aGk=': []
  }
  for (const [text, expected] of Object.entries(cases)) t.strictSame(stylesOf(text), expected, JSON.stringify(text))
})

t.test('whatever a program writes, its text is kept, and no class is of its making', async () => {
  const sequence = fc.oneof(
    fc.array(fc.nat(300), { maxLength: 8 }).map((numbers) => `\u001b[${numbers.join(';')}m`),
    fc.constantFrom('\u001b[2K', '\u001b[?25h', '\u001b]0;title\u0007', '\u001bc', '\u009b1m', '\u001b[38;5m', '\u001b[38;2;1m')
  )
  const word = fc.stringMatching(/^[a-z ]{1,9}$/)
  fc.assert(fc.property(fc.array(fc.tuple(sequence, word)), (pieces) => {
    const parts = styledPartsOf(pieces.flat().join(''))
    return parts.map(({ text }) => text).join('') === pieces.map(([, word]) => word).join('') &&
      parts.every(({ classes }) => /^(ansi-(on-)?[a-z]+( (?=a)|$))*$/.test(classes))
  }))
})

t.test('a text without them is known by a look', async (t) => {
  t.notOk(hasEscapes('plain [31m text é'))
  for (const text of ['\u001b[0m', '\u009b0m', '\u009d0;x\u009c']) t.ok(hasEscapes(text))
})
