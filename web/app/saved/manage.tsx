import '../style/dialogs.css'
import up from 'icon:arrow-up'
import down from 'icon:arrow-down'
import trash from 'icon:trash'
import { Dialog } from '../frame/dialog.tsx'
import { IconButton } from '../frame/icon.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { mayChange } from '../frame/session.ts'
import { Value } from '../list/value.tsx'
import { attempt } from './attempt.ts'
import {
  deleteSearch, moveSearch, ownSearches, saveSearch, sharedSearches, showSearch, type SavedSearch
} from './searches.ts'
import { savedTexts } from './texts/index.ts'

/** All saved searches: one's own, to be ordered, shared and deleted, and those of others. */
export function Searches ({ onClose }: OverlayProps) {
  const { manage } = savedTexts.value
  const own = ownSearches.value
  const others = sharedSearches.value
  const show = (search: SavedSearch) => {
    onClose()
    showSearch(search)
  }
  return (
    <Dialog title={manage.title} onClose={onClose}>
      {own.length + others.length === 0 && <p class='hint'>{manage.none}</p>}
      <ul class='searches'>
        {own.map((search, index) => (
          <li key={search.name}>
            <Name search={search} onShow={show} />
            {mayChange.value && <Tools search={search} index={index} />}
          </li>
        ))}
      </ul>
      {others.length > 0 && <h3>{manage.others}</h3>}
      <ul class='searches'>
        {others.map((search) => (
          <li key={`${search.owner} ${search.name}`}>
            <Name search={search} onShow={show} />
            <span class='hint'><Value text={search.owner} /></span>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

function Name ({ search, onShow }: { search: SavedSearch, onShow (search: SavedSearch): void }) {
  return (
    <button type='button' class='search-name' onClick={() => onShow(search)}>
      <Value text={search.name} />
      <small><Value text={search.query} /></small>
    </button>
  )
}

function Tools ({ search, index }: { search: SavedSearch, index: number }) {
  const { manage } = savedTexts.value
  const { name, shared, etag } = search
  const isLast = index === ownSearches.value.length - 1
  return (
    <>
      <label class='choice'>
        <input
          type='checkbox'
          checked={shared}
          onChange={() => { void attempt(() => saveSearch(name, { ...search, shared: !shared }, etag)) }}
        />
        {manage.shared}
      </label>
      <IconButton
        nodes={up}
        label={manage.up(name)}
        disabled={index === 0}
        onClick={() => { void attempt(() => moveSearch(search, index - 1)) }}
      />
      <IconButton
        nodes={down}
        label={manage.down(name)}
        disabled={isLast}
        onClick={() => { void attempt(() => moveSearch(search, index + 1)) }}
      />
      <IconButton
        nodes={trash}
        label={manage.remove(name)}
        onClick={() => { void attempt(() => deleteSearch(search)) }}
      />
    </>
  )
}
