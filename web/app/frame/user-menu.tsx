import { openHelp, openPalette } from '../help/open.ts'
import { openRules } from '../redact/open.ts'
import { texts } from '../texts/index.ts'
import { Choice } from './choice.tsx'
import { isAdmin, adminScreens } from './screen-names.ts'
import { ScreenLink } from './screen-link.tsx'
import { identity, signOut } from './session.ts'
import { saveSettings, settings, wantedLanguage } from './settings.ts'

/** Screens beside the main ones, and what is switched often. */
export function UserMenu ({ onClose }: { onClose (): void }) {
  const { navigation, commands } = texts.value
  const { themes } = navigation
  const { redaction } = settings.value
  const screens = isAdmin(identity.value) ? ['account', ...adminScreens] as const : ['account'] as const
  const afterwards = (run: () => void) => () => {
    onClose()
    run()
  }
  return (
    <>
      <nav aria-label={navigation.more} onClick={onClose}>
        {screens.map((screen) => <ScreenLink key={screen} screen={screen} />)}
      </nav>
      <Choice
        name='theme'
        label={navigation.theme}
        values={[['system', themes.system], ['light', themes.light], ['dark', themes.dark]]}
        chosen={settings.value.theme}
        onChoose={(theme) => saveSettings({ theme })}
      />
      <Choice
        name='language'
        label={navigation.language}
        values={[['en', 'English'], ['ru', 'Русский']]}
        chosen={wantedLanguage.value}
        onChoose={(language) => saveSettings({ language })}
      />
      <div class='menu-row'>
        <label class='choice'>
          <input
            type='checkbox'
            checked={redaction.isOn}
            onChange={({ currentTarget }) => saveSettings({ redaction: { ...redaction, isOn: currentTarget.checked } })}
          />
          {navigation.mask}
        </label>
        <button type='button' onClick={afterwards(openRules)}>{navigation.rules}</button>
      </div>
      <div class='menu-actions'>
        <button type='button' onClick={afterwards(openPalette)}>{commands.palette} <kbd>Ctrl+K</kbd></button>
        <button type='button' onClick={afterwards(openHelp)}>{commands.help} <kbd>?</kbd></button>
        <button type='button' onClick={afterwards(() => { void signOut() })}>{navigation.signOut}</button>
      </div>
    </>
  )
}
