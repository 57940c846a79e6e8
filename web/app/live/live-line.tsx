import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { explain } from '../api/explain.ts'
import { useCommands } from '../frame/commands.ts'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { Live } from './live.ts'
import { watchTab } from './watch.ts'

/** Logs in a second from which the rate is worth saying. */
const fastRate = 100

export interface LiveLineProps {
  search: Search
  /** Begins the search anew. */
  onRestart (): void
}

/** Follows a search while it is shown, and says how that goes. */
export function LiveLine ({ search, onRestart }: LiveLineProps) {
  const live = useSignal<Live | undefined>(undefined)
  // The place is known once the first page is there.
  useSignalEffect(() => {
    const { place } = search.state.value
    if (place !== undefined && !live.peek()) live.value = new Live(search, place, onRestart)
  })
  useEffect(() => () => live.peek()?.stop(), [])
  if (!live.value) return <p class='live-line'>{texts.value.live.connecting}</p>
  return <Running live={live.value} search={search} />
}

function Running ({ live, search }: { live: Live, search: Search }) {
  useEffect(() => watchTab(live, search), [live, search])
  useCommands([{ name: 'showNew', keys: ['n'], run: () => { void live.show() } }])
  const { logs, errors } = live.announced.value
  return (
    <div class='live-line'>
      <State live={live} />
      <span class='unseen' role='status'>{logs > 0 && texts.value.live.arrived(logs, errors)}</span>
    </div>
  )
}

function State ({ live }: { live: Live }) {
  const { role, isReading, waiting, errors, rate, missed, hasGap, isSlow, error } = live.state.value
  const { live: words } = texts.value
  if (error) return <span class='problem'>{explain(error)}</span>
  if (hasGap) {
    return (
      <>
        <span class='live-paused'>{words.gap}</span>
        <button type='button' class='live-show' onClick={() => live.searchAgain()}>{words.searchAgain}</button>
      </>
    )
  }
  return (
    <>
      {isReading
        ? <span class='live-paused'>{words.whilePaused}</span>
        : <span class='live-on'>{role === 'joining' ? words.connecting : words.on}</span>}
      {isReading && (
        <button type='button' class='live-show' onClick={() => { void live.show() }}>
          {waiting > 0 ? <><strong>{words.waiting(waiting, errors)}</strong> {words.show}</> : words.goOn}
        </button>
      )}
      {rate > fastRate && <span>{words.rate(rate)}</span>}
      {missed > 0 && <span>{words.fetching(missed)}</span>}
      {role === 'elsewhere' && <span>{words.elsewhere}</span>}
      {isSlow && <span>{words.tooSlow}</span>}
    </>
  )
}
