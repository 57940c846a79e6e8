import bell from 'icon:bell'
import download from 'icon:download'
import library from 'icon:library'
import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { openExport } from '../export/open.tsx'
import { useCommands } from '../frame/commands.ts'
import { IconButton } from '../frame/icon.tsx'
import { mayChange } from '../frame/session.ts'
import { Value } from '../list/value.tsx'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { addressOf, navigate, view } from '../view/location.ts'
import { defaultView } from '../view/view.ts'
import { alertOfShown, openSaving, openSearches, replaceShown } from './actions.ts'
import { attempt } from './attempt.ts'
import {
  isChanged, loadSearches, moveSearch, ownSearches, showSearch, shownSearch, viewOf, type SavedSearch
} from './searches.ts'

/** Keys of the first saved searches. */
const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9']

/** The user's saved searches, as tabs above the list, and what can be done with what is shown. */
export function Tabs ({ search }: { search: Search | undefined }) {
  const dragged = useSignal<SavedSearch | undefined>(undefined)
  // Without the right to read them there are none.
  useEffect(() => { loadSearches().catch(() => {}) }, [])
  const showByKey = (key = '1') => {
    const wanted = ownSearches.value[Number(key) - 1]
    if (wanted) showSearch(wanted)
  }
  const exportShown = () => { if (search) openExport(search) }
  useCommands([
    { name: 'savedSearch', keys, run: showByKey },
    { name: 'saveSearch', keys: ['s'], run: openSaving },
    { name: 'searches', keys: [], run: openSearches },
    { name: 'export', keys: [], run: exportShown },
    { name: 'alert', keys: ['a'], run: alertOfShown }
  ])
  const { saved, commands } = texts.value
  return (
    <>
      <nav aria-label={saved.label}>
        <ul>
          <li><AllLogs /></li>
          {ownSearches.value.map((each, index) => (
            <Tab key={each.name} search={each} index={index} dragged={dragged} />
          ))}
        </ul>
      </nav>
      <div class='saved-actions'>
        {mayChange.value && <Save />}
        {mayChange.value && <IconButton nodes={bell} label={commands.alert} onClick={alertOfShown} />}
        <IconButton nodes={library} label={commands.searches} onClick={openSearches} />
        <IconButton nodes={download} label={commands.export} onClick={exportShown} />
      </div>
    </>
  )
}

/** The way back from any search. */
function AllLogs () {
  const { query, from, to, order, columns, by, saved } = defaultView
  const change = { query, from, to, order, columns, by, saved }
  return (
    <a
      href={addressOf(change)}
      aria-current={view.value.saved === '' && view.value.query === '' ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        navigate(change)
      }}
    >
      {texts.value.saved.all}
    </a>
  )
}

interface TabProps {
  search: SavedSearch
  index: number
  dragged: Signal<SavedSearch | undefined>
}

/** A saved search: shown by a click, moved by dragging or by Alt and the arrows. */
function Tab ({ search, index, dragged }: TabProps) {
  const isShown = search === shownSearch.value
  const move = (moved: SavedSearch, place: number) => { void attempt(() => moveSearch(moved, place)) }
  const { saved } = texts.value
  return (
    <li
      onDragOver={(event) => { if (dragged.value) event.preventDefault() }}
      onDrop={() => { if (dragged.value) move(dragged.value, index) }}
    >
      <a
        href={addressOf({ ...viewOf(search), saved: search.name })}
        title={search.query}
        aria-current={isShown ? 'page' : undefined}
        aria-keyshortcuts={keys[index]}
        draggable={mayChange.value}
        onDragStart={() => { dragged.value = search }}
        onDragEnd={() => { dragged.value = undefined }}
        onKeyDown={(event) => {
          const step = event.altKey ? { ArrowLeft: -1, ArrowRight: 1 }[event.key] : undefined
          if (step === undefined || !mayChange.value) return
          event.preventDefault()
          move(search, Math.max(0, index + step))
        }}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return
          event.preventDefault()
          showSearch(search)
        }}
      >
        <Value text={search.name} />
        {isShown && isChanged(search, view.value) && <span role='img' aria-label={saved.changed}>*</span>}
      </a>
    </li>
  )
}

function Save () {
  const search = shownSearch.value
  const { saved } = texts.value
  if (!search) return <button type='button' onClick={openSaving}>{saved.save}</button>
  if (!isChanged(search, view.value)) return null
  return (
    <>
      <button type='button' onClick={replaceShown}>{saved.replace}</button>
      <button type='button' onClick={openSaving}>{saved.saveAs}</button>
    </>
  )
}
