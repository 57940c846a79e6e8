// The next error of a list, loaded or not.
import { request } from '../api/client.ts'
import type { Log, Page } from '../api/types.ts'
import type { ListControl } from './control.ts'

/** Goes to the next error below the active row, or above it. Where none is loaded, the server is asked. */
export async function goToError (control: ListControl, step: 1 | -1): Promise<'found' | 'none'> {
  const { search } = control
  const { start, end } = search.segments
  let last: Log | undefined = control.log
  for (let index = control.active.value + step; index >= start && index < end; index += step) {
    const log = search.at(index)
    if (!log) break
    if (isError(log) && !control.rows.isHidden(index)) {
      control.activate(index)
      return 'found'
    }
    last = log
  }
  const at = search.isList ? await askError(control, step, last) : undefined
  if (at === undefined) return 'none'
  await search.jump(at)
  control.activate(search.segments.start)
  return 'found'
}

function isError ({ level }: Log): boolean {
  return level === 'error' || level === 'critical'
}

/** The time of the next error beyond a log. */
async function askError ({ search }: ListControl, step: 1 | -1, beyond: Log | undefined): Promise<string | undefined> {
  const { query, user, order, ...wanted } = search.wanted
  const times = search.state.value.times ?? wanted
  const isDown = (order === 'newest') === (step === 1)
  const { logs } = await request<Page>('api/logs', {
    params: {
      query: query.trim() === '' ? 'level:>=error' : `(${query}) level:>=error`,
      user,
      order: isDown ? 'newest' : 'oldest',
      from: (!isDown && beyond?.at) || times.from || '',
      to: (isDown && beyond?.at) || times.to || '',
      asOf: times.asOf,
      limit: 2,
      cut: 1
    }
  })
  return logs.find(({ id }) => id !== beyond?.id)?.at
}
