import '../../../helpers/browser-globals.ts'
import fc from 'fast-check'
import t from 'tap'
import { searchFirst, searchFor, takeFirst, wantedText } from '../../../../web/app/list/first.ts'
import { navigate } from '../../../../web/app/view/location.ts'
import { defaultView } from '../../../../web/app/view/view.ts'

/** Requests that were sent and not ended. */
const open = new Set<string>()
let status = 200

globalThis.fetch = async (input, init) => {
  const url = String(input)
  open.add(url)
  init?.signal?.addEventListener('abort', () => open.delete(url))
  if (status !== 200) return Response.json({ detail: 'signed out' }, { status })
  return Response.json({ logs: [], complete: true, from: null, to: null, asOf: '2026-11-27T10:00:00.000000Z' })
}

const address = fc.record({
  screen: fc.constantFrom('logs' as const, 'errors' as const),
  query: fc.string(),
  from: fc.constantFrom('', '-1h', '-7d'),
  order: fc.constantFrom('newest' as const, 'oldest' as const)
})

t.test('the search of the address is begun once, and taken where it is still wanted', async () => {
  await fc.assert(fc.asyncProperty(address, address, fc.constantFrom(200, 401), async (address, later, answered) => {
    open.clear()
    status = answered
    navigate({ ...defaultView, ...address })
    const before = wantedText()
    searchFirst()
    const isBegun = open.size === 1
    await new Promise(setImmediate)
    navigate(later)
    const isWanted = wantedText() === before && answered === 200
    const taken = takeFirst(wantedText())
    if (isBegun !== (address.screen === 'logs')) return false
    if ((taken !== undefined) !== (isBegun && isWanted)) return false
    // What is not taken is ended, and nothing is taken twice.
    return takeFirst(wantedText()) === undefined && (taken ? !taken.isStopped && open.size === 1 : open.size === 0 || answered === 401)
  }), { numRuns: 100 })
})

t.test('an opened log, columns and wrapping make no other search', async (t) => {
  navigate({ ...defaultView, query: 'order' })
  const before = wantedText()
  navigate({ opened: '17', wrap: 'all', columns: [{ name: 'message' }], isFolded: true })
  t.equal(wantedText(), before)
  t.match(searchFor(before).wanted, { query: 'order', from: '-1h', order: 'newest' })
})
