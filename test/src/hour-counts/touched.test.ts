import t from 'tap'
import { TouchedHours } from '../../../src/hour-counts/touched.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { growsLinearly } from '../../helpers/growth.ts'

const hour = (index: number) => utcTime(Date.UTC(2001, 0, 1) + index * 3_600_000)
const spanOf = (index: number) => ({ userId: 1, from: hour(3 * index), to: hour(3 * index + 1) })

/** Touches the hours of a user in turns, half of them later. */
function touch (size: number): TouchedHours {
  const touched = new TouchedHours()
  for (let index = 0; index < size; index++) touched.add(spanOf(index), index % 2)
  return touched
}

t.test('hours are quiet once they have not changed for a while', async (t) => {
  const touched = touch(4)
  t.strictSame([...touched.takeQuiet(0)], [spanOf(0), spanOf(2)])
  t.strictSame([...touched.takeQuiet(0)], [])
  t.strictSame([...touched.takeQuiet(1)], [spanOf(1), spanOf(3)])
})

t.test('hours that change again are not quiet', async (t) => {
  const touched = touch(3)
  touched.add({ userId: 1, from: hour(0), to: hour(2) }, 1)
  touched.add({ ...spanOf(0), userId: 2 }, 0)
  t.strictSame([...touched.takeQuiet(0)], [spanOf(2), { ...spanOf(0), userId: 2 }])
})

t.test('too many spans of a user become one, in linear time', async (t) => {
  const touched = touch(1001)
  t.strictSame([...touched.takeQuiet(1)], [{ userId: 1, from: hour(0), to: hour(3001) }])
  growsLinearly(t, 'touched hours', {
    small: 5000, input: (size) => size, work: (size) => { for (const span of touch(size).takeQuiet(1)) if (span.userId !== 1) throw new Error('of nobody') }
  })
})
