import '../../../helpers/browser-globals.ts'
import fc from 'fast-check'
import { effect } from '@preact/signals'
import t from 'tap'
import { askLater } from '../../../../web/app/list/ask-later.ts'
import { refine } from '../../../../web/app/query/refine.ts'
import { navigate, view } from '../../../../web/app/view/location.ts'

/** Resolves once the address asks for something else. */
function nextQuery (): Promise<string> {
  const before = view.value.query
  return new Promise((resolve) => {
    const end = effect(() => {
      const { query } = view.value
      if (query === before) return
      resolve(query)
      queueMicrotask(() => end())
    })
  })
}

t.test('a click on a value asks for it, or for others, and closes what was opened', async () => {
  const how = fc.constantFrom('only' as const, 'out' as const)
  await fc.assert(fc.asyncProperty(fc.constantFrom('', 'order', 'level:error'), fc.string(), how, async (query, value, how) => {
    navigate({ query, opened: '17', around: '18' })
    const next = nextQuery()
    askLater('process', value, how)
    return await next === refine(query, 'process', value, how) && view.value.opened === '' && view.value.around === ''
  }), { numRuns: 100 })
})
