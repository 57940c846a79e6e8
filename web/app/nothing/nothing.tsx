import '../style/nothing.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError } from '../api/error.ts'
import { Value } from '../list/value.tsx'
import { isFollowed } from '../live/switch.tsx'
import type { Search } from '../rows/search.ts'
import { serverNow } from '../time/clock.ts'
import { wordsOf } from '../time/words.ts'
import { navigate, view } from '../view/location.ts'
import type { View } from '../view/view.ts'
import { nothingTexts } from './texts/index.ts'
import { correct, count, waysOf, type Way, type WayOut } from './ways.ts'

/** A search without logs: what was searched, and what would find some. */
export function Nothing ({ search }: { search: Search }) {
  const { ways, isLooking } = useWays(search)
  const words = nothingTexts.value
  const later = search.state.value.outside?.after ?? 0
  const isNowhere = ways.some(({ way, found }) => way.kind === 'anytime' && found?.complete && found.count === 0)
  return (
    <section class='nothing' aria-labelledby='nothing'>
      <h2 id='nothing'>{words.title}</h2>
      <p>{words.range(wordsOf(search.wanted))}</p>
      {isFollowed(view.value) && <p>{words.live}</p>}
      <ul aria-label={words.ways}>
        {ways.filter(({ found }) => found?.count !== 0).map((wayOut) => (
          <Offer key={labelOf(wayOut.way)} label={labelOf(wayOut.way)} {...wayOut} />
        ))}
        {later > 0 && <Offer label={words.future} change={future()} found={{ count: later, complete: true }} />}
      </ul>
      {isNowhere && <p>{words.nowhere}</p>}
      <p role='status'>{isLooking && words.looking}</p>
    </section>
  )
}

function Offer ({ label, change, found }: Omit<WayOut, 'way'> & { label: string }) {
  return (
    <li>
      <button type='button' class='link' onClick={() => navigate(change)}><Value text={label} /></button>
      {found && <span>{nothingTexts.value.logs(found.count, found.complete)}</span>}
    </li>
  )
}

/** The ways out, as far as they are known. */
function useWays (search: Search) {
  const { wanted, ended } = search
  const ways = useSignal<readonly WayOut[]>(waysOf(wanted))
  const correction = useSignal<WayOut | undefined>(undefined)
  const isLooking = useSignal(true)
  const look = async () => {
    try {
      await count(wanted, ways.peek(), ended, (counted) => { ways.value = counted })
      correction.value = await correct(wanted, ended)
    } catch (error) {
      // A busy server does not count: the ways are offered without numbers.
      if (!ended.aborted && !(error instanceof ApiError)) throw error
    } finally {
      isLooking.value = false
    }
  }
  useEffect(() => { void look() }, [])
  return {
    ways: [correction.value, ...ways.value].filter((wayOut) => wayOut !== undefined),
    isLooking: isLooking.value
  }
}

function labelOf (way: Way): string {
  const words = nothingTexts.value
  switch (way.kind) {
    case 'anytime': return words.anytime
    case 'without': return words.without(way.clause)
    case 'rename': return words.rename(way.wrong, way.right)
    case 'asText': return words.asText(way.right)
  }
}

/** The logs that a list without an end leaves out: their senders' clocks are wrong. */
function future (): Partial<View> {
  return { from: new Date(serverNow() + 86_400_000).toISOString(), to: '9999-12-31T00:00:00Z', asOf: '' }
}
