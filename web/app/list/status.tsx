import { useSignal } from '@preact/signals'
import arrows from 'icon:arrow-down-up'
import database from 'icon:database'
import fold from 'icon:fold-vertical'
import wrapText from 'icon:text-wrap'
import { ApiError } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import { IconButton } from '../frame/icon.tsx'
import { notify } from '../frame/notices.tsx'
import { openOverlay } from '../frame/overlay.tsx'
import { isAboutQuery } from '../query/draft.ts'
import { isFollowed } from '../live/switch.tsx'
import type { Search } from '../rows/search.ts'
import { countOn } from '../rows/total.ts'
import { formatDuration } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { noteworthySkew } from '../time/clock.ts'
import { clockOf } from '../time/format.ts'
import { navigate, view } from '../view/location.ts'
import { nextWrap } from './commands.ts'

/** What is known of a search, and how its rows are shown. */
export function Status ({ search }: { search: Search }) {
  const { error, lag, tookMs } = search.state.value
  const { common, status, time } = texts.value
  return (
    <footer class='status'>
      <span role='status'><Count search={search} /></span>
      <CountOn key={search} search={search} />
      <Progress search={search} />
      {tookMs !== undefined && <span>{status.took(Math.round(tookMs))}</span>}
      {lag !== undefined && !isFollowed(view.value) && <span>{status.behind(formatDuration(lag))}</span>}
      {error && !isAboutQuery(error) && (
        <span class='problem' role='alert'>
          {explain(error)} <button type='button' class='link' onClick={() => search.goOn()}>{common.retry}</button>
        </span>
      )}
      {noteworthySkew.value !== 0 && <span>{time.skew(noteworthySkew.value)}</span>}
      <Switches search={search} />
    </footer>
  )
}

/** The number of logs: exact, or as far as it is known. */
function Count ({ search }: { search: Search }) {
  const { isLoading, isAtStart, isAtEnd } = search.state.value
  const { list, status } = texts.value
  const total = search.total.value
  if (isAtStart && isAtEnd) return search.count === 0 ? list.empty : status.exact(search.count)
  if (isFollowed(view.value)) return status.loaded(search.count)
  if (total?.isExact) return status.exact(total.logs)
  if (total?.reached !== undefined) return status.atLeast(total.logs, clockOf(total.reached, view.value.isUtc))
  return isLoading && search.count === 0 ? list.loading : status.loaded(search.count)
}

function CountOn ({ search }: { search: Search }) {
  const isCounting = useSignal(false)
  const { isAtStart, isAtEnd, times } = search.state.value
  const { status } = texts.value
  if (!times || (isAtStart && isAtEnd) || search.total.value?.isExact) return null
  const count = async () => {
    isCounting.value = true
    try {
      await countOn(search)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify(explain(error))
    } finally {
      isCounting.value = false
    }
  }
  if (isCounting.value) return <span>{status.counting}</span>
  return (
    <button type='button' class='link' onClick={() => { void count() }}>
      {search.total.value?.reached === undefined ? status.count : status.countOn}
    </button>
  )
}

/** How far a slow search came; stopped and continued by a click. */
function Progress ({ search }: { search: Search }) {
  const { reached, isLoading, isAtEnd, isPaused, error } = search.state.value
  const { status } = texts.value
  const isSlow = reached !== undefined && !isAtEnd
  if (!isSlow && !isPaused) return null
  return (
    <>
      {isSlow && <span>{status.searchedBackTo(clockOf(reached, view.value.isUtc))}</span>}
      {isLoading
        ? <button type='button' class='link' onClick={() => search.pause()}>{status.stop}</button>
        : !error && <button type='button' class='link' onClick={() => search.goOn()}>{status.goOn}</button>}
    </>
  )
}

function Switches ({ search }: { search: Search }) {
  const { wrap, isFolded, order } = view.value
  const { status } = texts.value
  return (
    <span class='switches'>
      <IconButton
        nodes={wrapText}
        label={status.wrap[wrap]}
        isPressed={wrap !== 'one'}
        onClick={() => navigate({ wrap: nextWrap[wrap] }, { replace: true })}
      />
      <IconButton
        nodes={fold}
        label={status.fold}
        isPressed={isFolded}
        onClick={() => navigate({ isFolded: !isFolded }, { replace: true })}
      />
      <IconButton
        nodes={arrows}
        label={status.oldestFirst}
        isPressed={order === 'oldest'}
        onClick={() => navigate({ order: order === 'oldest' ? 'newest' : 'oldest' })}
      />
      <IconButton
        nodes={database}
        label={status.sql}
        onClick={() => openOverlay(async () => (await import('../detail/sql.tsx')).searchSql(search.frozen))}
      />
    </span>
  )
}
