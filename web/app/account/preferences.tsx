import { Choice } from '../frame/choice.tsx'
import { saveSettings, settings } from '../frame/settings.ts'
import { texts } from '../texts/index.ts'
import { accountTexts } from './texts/index.ts'

/** How the page looks and is operated, in all browsers of the user. */
export function Preferences () {
  const { navigation, time } = texts.value
  const { system, light, dark } = navigation.themes
  const { preferences: words } = accountTexts.value
  const { compact, normal, touch } = words.densities
  const { language, theme, density, isUtc, keys } = settings.value
  return (
    <section>
      <h2>{words.title}</h2>
      <Choice
        name='account-language'
        label={navigation.language}
        values={[['', words.asBrowser], ['en', 'English'], ['ru', 'Русский']]}
        chosen={language}
        onChoose={(language) => saveSettings({ language })}
      />
      <Choice
        name='account-theme'
        label={navigation.theme}
        values={[['system', system], ['light', light], ['dark', dark]]}
        chosen={theme}
        onChoose={(theme) => saveSettings({ theme })}
      />
      <Choice
        name='density'
        label={words.density}
        values={[['compact', compact], ['normal', normal], ['touch', touch]]}
        chosen={density}
        onChoose={(density) => saveSettings({ density })}
      />
      <Choice
        name='zone'
        label={words.zone}
        values={[['local', time.local(Intl.DateTimeFormat().resolvedOptions().timeZone)], ['utc', time.utc]]}
        chosen={isUtc ? 'utc' : 'local'}
        onChoose={(zone) => saveSettings({ isUtc: zone === 'utc' })}
      />
      <label class='choice'>
        <input
          type='checkbox'
          checked={keys}
          onChange={(event) => saveSettings({ keys: event.currentTarget.checked })}
        />
        {words.keys}
      </label>
    </section>
  )
}
