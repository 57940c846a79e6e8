import { signal } from '@preact/signals'
import { useCommands } from '../frame/commands.ts'
import { Dialog } from '../frame/dialog.tsx'
import { lazy } from '../frame/lazy.tsx'
import { saveSettings, settings } from '../frame/settings.ts'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'

const Panel = lazy(async () => (await import('./panel.tsx')).Panel)

const narrow = matchMedia('(max-width: 1099px)')
const isNarrow = signal(narrow.matches)
narrow.addEventListener('change', () => { isNarrow.value = narrow.matches })

/** Whether the drawer of a narrow window is open: it covers the list, and is closed at first. */
const isDrawerOpen = signal(false)

/** The most frequent values of fields: beside the list, or in a narrow window in a drawer over it. */
export function Facets ({ search }: { search: Search }) {
  useCommands([{ name: 'facets', keys: ['f'], run: toggleFacets }])
  if (!areFacetsShown()) return null
  const { label } = texts.value.facets
  if (!isNarrow.value) return <aside class='facets' aria-label={label}><Panel search={search} /></aside>
  return (
    <Dialog title={label} onClose={() => { isDrawerOpen.value = false }}>
      <Panel search={search} />
    </Dialog>
  )
}

export function areFacetsShown (): boolean {
  return isNarrow.value ? isDrawerOpen.value : settings.value.facets
}

export function toggleFacets (): void {
  if (isNarrow.value) isDrawerOpen.value = !isDrawerOpen.value
  else saveSettings({ facets: !settings.peek().facets })
}
