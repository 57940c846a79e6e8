// What a user set for the page: kept by the server for all of their browsers, and by the browser for the next start.
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { request } from '../api/client.ts'
import type { Kind } from '../redact/kinds.ts'
import { language, languageOf, setLanguage, type Language } from '../texts/index.ts'

export interface Settings {
  /** Empty: as the browser says. */
  language: Language | ''
  theme: 'system' | 'light' | 'dark'
  density: 'compact' | 'normal' | 'touch'
  /** Whether times are shown in UTC, where the address does not say. */
  isUtc: boolean
  /** Whether keys without Ctrl run commands. */
  keys: boolean
  /** Whether the histogram is shown. */
  chart: boolean
  /** Whether the panel of facets is shown. */
  facets: boolean
  /** Attributes that always have a facet. */
  pinned: readonly string[]
  /** What is masked on the screen and in exports, while that is on. */
  redaction: { isOn: boolean, kinds: readonly Kind[], expressions: readonly string[] }
}

const defaults: Settings = {
  language: '',
  theme: 'system',
  density: 'normal',
  isUtc: false,
  keys: true,
  chart: true,
  facets: false,
  pinned: [],
  redaction: { isOn: false, kinds: ['email', 'address', 'secret', 'card', 'phone'], expressions: [] }
}

const storageKey = 'loggerbot.settings'
/** The name under which the server keeps them: `PUT /api/settings {"page": {…}}`. */
const serverName = 'page'

const current = signal<Settings>({ ...defaults, ...readLocal() })

export const settings: ReadonlySignal<Settings> = current

/** Reads what the server keeps. It wins over what this browser remembers. */
export async function loadSettings (): Promise<void> {
  const { [serverName]: kept } = await request<Record<string, Partial<Settings> | undefined>>('api/settings')
  if (kept) change(kept)
}

/** Changes settings here, and at the server. Without the right to change them there, they stay in this browser. */
export function saveSettings (changed: Partial<Settings>): void {
  change(changed)
  request('api/settings', { method: 'PUT', body: { [serverName]: current.peek() } }).catch(() => {})
}

function change (changed: Partial<Settings>): void {
  current.value = { ...current.peek(), ...changed }
  try {
    localStorage.setItem(storageKey, JSON.stringify(current.peek()))
  } catch {
    // A private window, or a browser that forbids it: the server keeps them.
  }
}

function readLocal (): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Partial<Settings>
  } catch {
    return {}
  }
}

effect(() => {
  const { theme, density, language: wanted } = current.value
  const { dataset } = document.documentElement
  dataset.theme = theme
  dataset.density = density
  void setLanguage(wanted === '' ? languageOf(navigator.languages) : wanted)
})

effect(() => { document.documentElement.lang = language.value })
