import '../style/alerts.css'
import '../style/tabs.css'
import { mayChange } from '../frame/session.ts'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { Channels } from './channels.tsx'
import { Rules } from './rules.tsx'
import { TabLink } from './tab-link.tsx'
import { alertTexts } from './texts/index.ts'
import { Told } from './told.tsx'

/** What a user is told of, where, and what was told. */
export function Alerts () {
  const { tab } = view.value
  const words = alertTexts.value
  return (
    <main id='content' class='screen alerts' tabIndex={-1}>
      <h1>{texts.value.navigation.screens.alerts}</h1>
      <nav class='tabs' aria-label={words.label}>
        {(['rules', 'channels', 'told'] as const).map((one) => <TabLink key={one} tab={one} />)}
      </nav>
      {!mayChange.value && <p>{words.readOnly}</p>}
      {tab === 'told' && <Told />}
      {tab === 'channels' && mayChange.value && <Channels />}
      {(tab === 'rules' || tab === 'new') && <Rules />}
    </main>
  )
}
