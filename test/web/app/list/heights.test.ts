import fc from 'fast-check'
import t from 'tap'
import { Heights } from '../../../../web/app/list/heights.ts'

const usual = 26

t.test('rows stand below each other, whatever their heights', async () => {
  const changes = fc.array(fc.tuple(fc.integer({ min: -600, max: 900 }), fc.oneof(fc.constant(0), fc.constant(usual), fc.nat(400))), { maxLength: 60 })
  fc.assert(fc.property(changes, fc.nat(700), fc.nat(900), fc.nat(60_000), (changes, before, after, offset) => {
    const heights = Object.assign(new Heights(usual), { start: -before, end: after })
    const model = new Map<number, number>()
    for (const [index, height] of changes.filter(([index]) => index >= -before && index < after)) {
      heights.set(index, height)
      model.set(index, height)
    }
    let top = 0
    let found = Math.max(-before, after - 1)
    let isFound = false
    for (let index = -before; index < after; index++) {
      const height = model.get(index) ?? usual
      if (heights.of(index) !== height || heights.topOf(index) !== top) return false
      if (!isFound && offset < top + height) {
        isFound = true
        found = index
      }
      top += height
    }
    const hidden = [...model].filter(([, height]) => height === 0).map(([index]) => index)
    return heights.total === top && heights.indexAt(offset) === found &&
      JSON.stringify(heights.hidden().sort()) === JSON.stringify(hidden.sort())
  }), { numRuns: 200 })
})
