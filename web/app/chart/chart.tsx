import { useCommands } from '../frame/commands.ts'
import { lazy } from '../frame/lazy.tsx'
import { saveSettings, settings } from '../frame/settings.ts'
import type { Search } from '../rows/search.ts'

const HistogramView = lazy(async () => (await import('./histogram-view.tsx')).HistogramView)

/** The histogram, hidden and shown by a key. Its place is kept free until it is loaded, after the rows. */
export function Chart ({ search }: { search: Search }) {
  useCommands([{ name: 'chart', keys: ['h'], run: () => saveSettings({ chart: !settings.peek().chart }) }])
  if (!settings.value.chart) return null
  return <div class='chart-place'>{search.state.value.times && <HistogramView search={search} />}</div>
}
