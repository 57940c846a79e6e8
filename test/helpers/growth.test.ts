import t from 'tap'
import { growsLinearly } from './growth.ts'

/** The assertion of growsLinearly about a function. */
function verdictOn (work: (items: number[]) => void): boolean {
  let verdict: unknown
  growsLinearly({
    ok (value) {
      verdict = value
      return true
    }
  }, 'work', { small: 800, input: (size) => Array.from({ length: size }, (_, index) => index), work })
  return verdict === true
}

const seen = new Set<number>()

t.test('growsLinearly', async (t) => {
  await t.test('passes what looks at each item once', async (t) => {
    t.equal(verdictOn((items) => items.forEach((item) => seen.add(item % 100))), true)
  })

  await t.test('passes what looks at each item as many times as there are bits in their number', async (t) => {
    t.equal(verdictOn((items) => { items.toSorted((a, b) => (a * 7919) % 10007 - (b * 7919) % 10007) }), true)
  })

  await t.test('fails what looks at each item for each item', async (t) => {
    t.equal(verdictOn((items) => items.forEach(() => items.forEach((item) => seen.add(item % 100)))), false)
  })
})
