import facets from 'icon:list-filter'
import chart from 'icon:chart-column'
import { IconButton } from '../frame/icon.tsx'
import { saveSettings, settings } from '../frame/settings.ts'
import { texts } from '../texts/index.ts'
import { areFacetsShown, toggleFacets } from './facets.tsx'

/** Switches of what stands around the list. */
export function Switches () {
  const { commands } = texts.value
  return (
    <div class='limits-switches'>
      <IconButton nodes={facets} label={commands.facets} isPressed={areFacetsShown()} onClick={toggleFacets} />
      <IconButton
        nodes={chart}
        label={commands.chart}
        isPressed={settings.value.chart}
        onClick={() => saveSettings({ chart: !settings.peek().chart })}
      />
    </div>
  )
}
