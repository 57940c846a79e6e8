import fc from 'fast-check'
import t from 'tap'
import { Slots } from '../../../../web/app/list/slots.ts'

t.test('rows have slots of their own, and keep them while they are shown', async () => {
  const views = fc.array(fc.uniqueArray(fc.nat(80), { maxLength: 40 }), { minLength: 1, maxLength: 20 })
  fc.assert(fc.property(views, (views) => {
    const slots = new Slots()
    let before = new Map<number, number>()
    for (const indices of views) {
      const rows = slots.of(indices.map((index) => ({ index, top: index * 26 })))
      if (rows.some(({ index, top }, place) => index !== indices[place] || top !== index * 26)) return false
      if (new Set(rows.map(({ slot }) => slot)).size !== rows.length) return false
      if (rows.some(({ index, slot }) => before.has(index) && before.get(index) !== slot)) return false
      // A new element is made only where none is free.
      const taken = rows.filter(({ slot }) => [...before.values()].includes(slot)).length
      if (taken !== Math.min(rows.length, before.size)) return false
      before = new Map(rows.map(({ index, slot }) => [index, slot]))
    }
    return true
  }), { numRuns: 200 })
})
