// What a list does whenever its rows, or what is in view, change.
import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Log } from '../api/types.ts'
import { request } from '../api/client.ts'
import type { Search } from '../rows/search.ts'
import { view } from '../view/location.ts'
import type { ListControl } from './control.ts'
import { silenceOf } from './divide.ts'
import { Folds } from './folds.ts'
import type { VirtualRows } from './virtual-rows.ts'

/** Milliseconds without scrolling after which far rows are read: a dragged thumb passes many. */
const restMs = 80
/** Logs from which the usual time between neighbours is known. */
const sampleLogs = 1000

/** Tells the rows how many there are, and begins where the list was left. */
export function useRange (search: Search, rows: VirtualRows): void {
  const chain = useRef(-1)
  useSignalEffect(() => {
    const { chain: present } = search.state.value
    const { start, end } = search.segments
    const isOther = chain.current !== present
    if (isOther) rows.clear()
    rows.setRange(start, end)
    if (search.isFollowing) rows.scrollTo(search.wanted.order === 'newest' ? start : end - 1)
    // Other rows than before begin at their first one; those that were left, where they were left.
    if (isOther && chain.current === -1) rows.scrollTo(search.shown.peek().first)
    chain.current = present
  })
}

/** Begins at a log, once its row is there; where it is far away, the list begins at its time. */
export function useBegin (control: ListControl, id: string): void {
  const state = useRef<'waiting' | 'asked' | 'done'>(id === '' ? 'done' : 'waiting')
  const jump = async (search: Search) => {
    const { at } = await request<Log>(`api/logs/${id}`, { signal: search.ended })
    await search.jump(at)
    // The search has no such log.
    if (state.current !== 'done' && search.indexOf(id) === undefined) await search.toStart()
    state.current = 'done'
  }
  useSignalEffect(() => {
    const { search } = control
    const { isLoading, error } = search.state.value
    if (state.current === 'done' || isLoading || error) return
    const index = search.indexOf(id)
    if (index !== undefined) {
      state.current = 'done'
      control.begin(index)
    } else if (state.current === 'waiting' && search.isList && search.count > 0) {
      state.current = 'asked'
      jump(search).catch(() => { state.current = 'done' })
    }
  })
}

/** Reads the rows that are in view. */
export function useLook ({ search, rows, active }: ListControl): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useSignalEffect(() => {
    const { first, last } = rows.visible
    clearTimeout(timer.current)
    const isFar = Math.abs(first - search.shown.peek().first) > 2 * rows.screenRows
    const look = () => search.look(first, last, active.peek())
    if (isFar) timer.current = setTimeout(look, restMs)
    else look()
  })
  useEffect(() => () => clearTimeout(timer.current), [])
}

/** Milliseconds from which on the time between neighbours is a silence. */
export function useSilence (search: Search): ReadonlySignal<number> {
  const silenceMs = useSignal(Infinity)
  const sampled = useRef(0)
  useSignalEffect(() => {
    void search.state.value
    if (sampled.current >= sampleLogs || search.count === sampled.current) return
    const sample: Log[] = []
    for (const log of search.segments.rows()) if (sample.push(log) === sampleLogs) break
    sampled.current = search.count
    silenceMs.value = silenceOf(sample)
  })
  return silenceMs
}

/** The runs of rows that say the same, where they are folded. */
export function useFolds (search: Search, rows: VirtualRows): ReadonlySignal<Folds | undefined> {
  const folds = useSignal<Folds | undefined>(undefined)
  const chain = useRef(0)
  useSignalEffect(() => {
    const { chain: present } = search.state.value
    if (!view.value.isFolded) {
      if (folds.peek()) rows.unhide()
      folds.value = undefined
      return
    }
    if (!folds.peek() || chain.current !== present) folds.value = new Folds()
    chain.current = present
    const { segments } = search
    rows.hide(folds.peek()?.extend(segments) ?? [])
  })
  return folds
}
