import '../../../helpers/browser-globals.ts'
import fc from 'fast-check'
import t from 'tap'
import type { Log } from '../../../../web/app/api/types.ts'
import { defaultLimits } from '../../../../web/app/rows/segments.ts'
import { Search } from '../../../../web/app/rows/search.ts'
import type { Order } from '../../../../web/app/view/view.ts'

/** So large, by the estimate, that memory holds a few dozens of them. */
const message = 'x'.repeat(500_000)
const maxKept = Math.ceil(defaultLimits.bytes / 1_000_000) + 500

const iso = (time: number) => `2026-11-27T10:00:${String(Math.floor(time / 10)).padStart(2, '0')}.${time % 10}00000Z`
const logOf = (time: number, id: number): Log => ({
  id: String(id), user: 'me', at: iso(time), level: 'info', process: 'p', pid: 0, description: '', message, posted: '', arrived: '', attributes: null
})

/** Answers as the API does: a cursor names the list's rest. */
function serve (logs: readonly Log[], pageRows: number): void {
  globalThis.fetch = async (input) => {
    const { searchParams } = new URL(String(input), 'http://server/')
    const cursor = JSON.parse(searchParams.get('cursor') ?? '{}') as { skip?: number, from?: string, to?: string }
    const { skip = 0, from = searchParams.get('from') ?? '', to = searchParams.get('to') ?? '' } = cursor
    const found = logs.filter(({ at }) => at >= from && (to === '' || at < to))
    if (searchParams.get('order') === 'newest') found.reverse()
    const limit = Math.min(Number(searchParams.get('limit')), pageRows)
    const page = found.slice(skip, skip + limit)
    const next = { cursor: JSON.stringify({ skip: skip + limit, from, to }) }
    return Response.json({
      logs: page, complete: true, from: from || null, to: to || null, asOf: iso(599), ...found.length > skip + limit && next
    })
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('look' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('jump' as const), time: fc.nat(599) }),
  fc.record({ kind: fc.constantFrom('start' as const, 'end' as const, 'on' as const, 'back' as const) })
)

t.test('whatever is scrolled to, rows are those of the list: in order, no doubles, no holes', async () => {
  const history = fc.record({
    times: fc.array(fc.nat(599), { minLength: 1, maxLength: 300 }),
    order: fc.constantFrom<Order>('newest', 'oldest'),
    pageRows: fc.integer({ min: 1, max: 60 }),
    steps: fc.array(step, { maxLength: 12 })
  })
  await fc.assert(fc.asyncProperty(history, async ({ times, order, pageRows, steps }) => {
    const logs = times.sort((one, other) => one - other).map((time, index) => logOf(time, index))
    serve(logs, pageRows)
    const wanted = (order === 'newest' ? logs.toReversed() : logs).map(({ id }) => id)
    const search = new Search({ query: '', from: '', to: '', user: '', order, asOf: '' })
    await search.more()
    for (const next of steps) {
      if (next.kind === 'jump') await search.jump(iso(next.time))
      else if (next.kind === 'start') await search.toStart()
      else if (next.kind === 'end') await search.toEnd()
      else if (next.kind === 'on') await search.more()
      else if (next.kind === 'back') await search.moreBefore()
      else if (next.kind === 'look') await lookAt(search, next.part)
      if (!isPartOf(search, wanted) || search.segments.kept > maxKept) return false
    }
    await search.toStart()
    while (!search.state.value.isAtEnd) await search.more()
    return await rowsOf(search) === wanted.join(' ')
  }), { numRuns: 150 })
})

async function lookAt (search: Search, part: number): Promise<void> {
  const { start, end } = search.segments
  search.look(start + Math.floor((end - 1 - start) * part), start + Math.floor((end - 1 - start) * part))
  await new Promise((resolve) => setImmediate(resolve))
  await idle(search)
}

async function idle (search: Search): Promise<void> {
  while (search.state.value.isLoading) await new Promise((resolve) => setImmediate(resolve))
}

/** Whether the rows in memory are neighbours in the list as they are by their indices. */
function isPartOf ({ segments }: Search, wanted: readonly string[]): boolean {
  let place: number | undefined
  for (let index = segments.start; index < segments.end; index++) {
    const log = segments.at(index)
    if (!log) continue
    const found = wanted.indexOf(log.id)
    place ??= found - index
    if (found < 0 || found - index !== place) return false
  }
  return true
}

/** The ids of all rows, each looked at. */
async function rowsOf (search: Search): Promise<string> {
  const ids: string[] = []
  const { start, end } = search.segments
  for (let index = start; index < end; index++) {
    search.look(index, index)
    while (!search.at(index)) await new Promise((resolve) => setImmediate(resolve))
    ids.push(search.at(index)?.id ?? '')
  }
  await idle(search)
  return ids.join(' ')
}
