import { language, type Language } from '../texts/index.ts'
import { saveSettings } from './settings.ts'

/** Names of the languages, each in itself. */
export const languageNames: Record<Language, string> = { en: 'English', ru: 'Русский' }

/** A choice of the language, where the settings are not at hand. */
export function Languages () {
  return (
    <span class='languages'>
      {(['en', 'ru'] as const).map((name) => (
        <button
          key={name}
          type='button'
          lang={name}
          aria-pressed={language.value === name}
          onClick={() => saveSettings({ language: name })}
        >
          {languageNames[name]}
        </button>
      ))}
    </span>
  )
}
