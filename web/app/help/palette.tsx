import '../style/help.css'
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useId } from 'preact/hooks'
import { commands } from '../frame/commands.ts'
import { Dialog } from '../frame/dialog.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { openScreen } from '../frame/screen-link.tsx'
import { screensOf } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'
import { Value } from '../list/value.tsx'
import { loadSearches, ownSearches, sharedSearches, showSearch, type SavedSearch } from '../saved/searches.ts'
import { texts } from '../texts/index.ts'
import { distinct } from './help.tsx'
import { Keys } from './keys.tsx'
import { isMatch } from './match.ts'
import { helpTexts } from './texts/index.ts'

interface Item {
  group: 'commands' | 'screens' | 'searches'
  label: string
  keys: readonly string[]
  run (): void
}

/** Finds commands, screens and saved searches by their names, and runs one of them. */
export function Palette ({ onClose }: OverlayProps) {
  const id = useId()
  const typed = useSignal('')
  const chosen = useSignal(0)
  // Without the right to read them there are none.
  useEffect(() => { loadSearches().catch(() => {}) }, [])
  const found = useComputed(() => (
    [...commandItems(), ...screenItems(), ...[...ownSearches.value, ...sharedSearches.value].map(itemOf)]
      .filter(({ label }) => isMatch(label, typed.value))
  ))

  const run = (item: Item | undefined) => {
    if (!item) return
    onClose()
    // Once the dialog has given the focus back: what runs may move it.
    setTimeout(item.run)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const { length } = found.value
    if (event.key === 'ArrowDown') chosen.value = (chosen.value + 1) % length
    else if (event.key === 'ArrowUp') chosen.value = (chosen.value + length - 1) % length
    else if (event.key === 'Enter') run(found.value[chosen.value])
    else return
    event.preventDefault()
  }

  const { palette } = helpTexts.value
  return (
    <Dialog title={palette.title} onClose={onClose}>
      <input
        type='text'
        class='palette-input'
        role='combobox'
        autofocus
        autocomplete='off'
        spellcheck={false}
        aria-label={palette.label}
        placeholder={palette.label}
        aria-expanded='true'
        aria-controls={id}
        aria-activedescendant={found.value.length > 0 ? `${id}-${chosen.value}` : undefined}
        onInput={(event) => {
          typed.value = event.currentTarget.value
          chosen.value = 0
        }}
        onKeyDown={onKeyDown}
      />
      <Found id={id} items={found.value} chosen={chosen.value} onRun={run} />
    </Dialog>
  )
}

interface FoundProps {
  id: string
  items: readonly Item[]
  chosen: number
  onRun (item: Item): void
}

function Found ({ id, items, chosen, onRun }: FoundProps) {
  const { palette } = helpTexts.value
  useEffect(() => { document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' }) }, [id, chosen])
  return (
    <>
      <ul id={id} class='palette' role='listbox' aria-label={palette.title}>
        {items.map((item, index) => (
          <li
            key={`${item.group} ${item.label}`}
            id={`${id}-${index}`}
            role='option'
            aria-selected={index === chosen}
            onClick={() => onRun(item)}
          >
            <Value text={item.label} />
            {item.keys.length > 0 ? <Keys keys={item.keys} /> : <small>{palette.groups[item.group]}</small>}
          </li>
        ))}
      </ul>
      <p class='hint' role='status'>{items.length === 0 && palette.nothing}</p>
    </>
  )
}

function commandItems (): Item[] {
  return distinct(commands.value).filter(({ name }) => name !== 'palette')
    .map(({ name, keys, run }) => ({ group: 'commands', label: texts.value.commands[name], keys, run }))
}

function screenItems (): Item[] {
  return screensOf(identity.value).map((screen) => (
    { group: 'screens', label: texts.value.navigation.screens[screen], keys: [], run: () => openScreen(screen) }
  ))
}

function itemOf (search: SavedSearch): Item {
  return { group: 'searches', label: search.name, keys: [], run: () => showSearch(search) }
}
