// What a user set for the page: kept by the server for all of their browsers, and by the browser for the next start.
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import { ApiError, request } from '../api/client.ts'
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

const current = signal<Settings>({ ...defaults, ...readLocal(storageKey) })

export const settings: ReadonlySignal<Settings> = current

/** The user whose settings the server keeps. */
let owner = ''

/** Reads what the server keeps for a user. It wins over what this browser remembers, but for unconfirmed changes. */
export async function loadSettings (user: string): Promise<void> {
  owner = user
  const { [serverName]: kept } = await request<Record<string, Partial<Settings> | undefined>>('api/settings')
  const unconfirmed = readLocal(unconfirmedKey())
  change({ ...kept, ...unconfirmed })
  if (Object.keys(unconfirmed).length > 0) await save()
}

/** Changes settings here, and at the server. Without the right to change them there, they stay in this browser. */
export function saveSettings (changed: Partial<Settings>): void {
  change(changed)
  keepLocal(unconfirmedKey(), { ...readLocal(unconfirmedKey()), ...changed })
  save().catch(() => {})
}

async function save (): Promise<void> {
  const sent = current.peek()
  try {
    await request('api/settings', { method: 'PUT', body: { [serverName]: sent } })
  } catch (error) {
    const isRefused = error instanceof ApiError && error.status >= 400 && error.status < 500
    if (!isRefused) throw error
  }
  if (current.peek() === sent) keepLocal(unconfirmedKey(), {})
}

function change (changed: Partial<Settings>): void {
  current.value = { ...current.peek(), ...changed }
  keepLocal(storageKey, current.peek())
}

/** Where a page that is opened anew finds the changes to which the server has not answered. */
function unconfirmedKey (): string {
  return `${storageKey}.unconfirmed.${owner}`
}

function keepLocal (key: string, kept: Partial<Settings>): void {
  try {
    localStorage.setItem(key, JSON.stringify(kept))
  } catch {
    // A private window, or a browser that forbids it: the server keeps them.
  }
}

function readLocal (key: string): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Settings>
  } catch {
    return {}
  }
}

/** The language that is chosen, or the browser's; it is the page's once its texts are there. */
export const wantedLanguage = computed(() => (
  current.value.language === '' ? languageOf(navigator.languages) : current.value.language
))

effect(() => {
  const { theme, density } = current.value
  const { dataset } = document.documentElement
  dataset.theme = theme
  dataset.density = density
})

effect(() => { void setLanguage(wantedLanguage.value) })

effect(() => { document.documentElement.lang = language.value })
