import t from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import { merged, partsOutside } from '../../../src/model/span.ts'
import { growsLinearly } from '../../helpers/growth.ts'
import { seeded, whole } from '../../helpers/random.ts'

const span = (from: number, to: number) => ({ from: String(from).padStart(3, '0'), to: String(to).padStart(3, '0') })

t.test('spans that overlap or follow each other are one', async (t) => {
  t.strictSame(merged([]), [])
  t.strictSame(merged([span(6, 9), span(1, 3), span(2, 4), span(4, 5)]), [span(1, 5), span(6, 9)])
  t.strictSame(merged([span(1, 9), span(2, 3)]), [span(1, 9)])
})

t.test('the parts of spans outside of others', async (t) => {
  t.strictSame(partsOutside([span(2, 8)], []), [span(2, 8)])
  t.strictSame(partsOutside([span(2, 8)], [span(6, 7), span(1, 3), span(3, 4)]), [span(4, 6), span(7, 8)])
  t.strictSame(partsOutside([span(2, 8)], [span(0, 9)]), [])
  t.strictSame(partsOutside([span(2, 8)], [span(8, 9), span(0, 2)]), [span(2, 8)])
  t.strictSame(partsOutside([span(2, 8)], [span(3, 7), span(4, 5)]), [span(2, 3), span(7, 8)])
  t.strictSame(partsOutside([span(6, 9), span(1, 3), span(2, 4)], [span(3, 7)]), [span(1, 3), span(7, 9)])

  const random = seeded(1)
  const someSpans = () => Array.from({ length: whole(random, 8) }, () => {
    const from = whole(random, 30)
    return span(from, from + 1 + whole(random, 6))
  })
  const has = (spans: ReturnType<typeof someSpans>, at: string) => spans.some(({ from, to }) => from <= at && at < to)
  for (let round = 0; round < 500; round++) {
    const [spans, others] = [someSpans(), someSpans()]
    const parts = partsOutside(spans, others)
    const isRight = Array.from({ length: 40 }, (_, at) => span(at, at).from)
      .every((at) => has(parts, at) === (has(spans, at) && !has(others, at)))
    if (!isRight) t.fail(`${JSON.stringify(spans)} outside of ${JSON.stringify(others)} is ${JSON.stringify(parts)}`)
  }
})

t.test('many spans are compared in linear time', async (t) => {
  const hour = (index: number) => utcTime(Date.UTC(2001, 0, 1) + index * 3_600_000)
  const spansFrom = (size: number, first: number) => Array.from({ length: size }, (_, index) => (
    { from: hour(first + 3 * index), to: hour(first + 3 * index + 2) }
  ))
  growsLinearly(t, 'spans outside of others', {
    small: 1000,
    input: (size) => ({ spans: spansFrom(size, 0), others: spansFrom(size, 1) }),
    work: ({ spans, others }) => partsOutside(spans, others)
  })
})
