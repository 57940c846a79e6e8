import { signal } from '@preact/signals'
import { en, type Texts } from './en.ts'

export type Language = 'en' | 'ru'

/** The texts of the chosen language; English until another one is loaded. */
export const texts = signal<Texts>(en)
export const language = signal<Language>('en')

let chosen: Language = 'en'

/** Changes the language. Each one is a file of its own. */
export async function setLanguage (wanted: Language): Promise<void> {
  chosen = wanted
  const loaded = wanted === 'ru' ? (await import('./ru.ts')).ru : en
  // Another one was chosen meanwhile.
  if (chosen !== wanted) return
  language.value = wanted
  texts.value = loaded
}

/** The first language of the browser that the page has. */
export function languageOf (languages: readonly string[]): Language {
  const found = languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'en' || tag === 'ru')
  return found === 'ru' ? 'ru' : 'en'
}
