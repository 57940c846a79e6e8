import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Logs } from '../list/logs.tsx'
import { texts } from '../texts/index.ts'
import type { Screen } from '../view/view.ts'
import { Unread } from './unread.tsx'

/** A screen of the address, or the steps that stand in place of an empty list. */
type Shown = Screen | 'first-visit'

/** Each screen but the list is a file of its own, read when it is first shown. */
const loaders: Record<Exclude<Shown, 'logs'>, () => Promise<ComponentType>> = {
  'first-visit': async () => (await import('../send/first-visit.tsx')).FirstVisit,
  errors: async () => (await import('../errors/errors.tsx')).Errors,
  alerts: async () => (await import('../alerts/alerts.tsx')).Alerts,
  send: async () => (await import('../send/send.tsx')).Send,
  account: async () => (await import('../account/account.tsx')).Account,
  users: async () => (await import('../admin/users.tsx')).Users,
  storage: async () => (await import('../admin/storage.tsx')).Storage,
  'dead-letters': async () => (await import('../admin/dead-letters.tsx')).DeadLetters,
  audit: async () => (await import('../admin/audit.tsx')).Audit
}

/** Those that were read, and what stands in place of those that could not be. */
const loaded = signal<Partial<Record<Shown, ComponentType>>>({ logs: Logs })

/** The screen of the address. It has the focus once it is shown, unless the page has just been opened. */
export function ScreenOf ({ screen }: { screen: Shown }) {
  const Loaded = loaded.value[screen]
  const focused = useRef(screen)
  useEffect(() => {
    if (!Loaded || focused.current === screen) return
    focused.current = screen
    focusContent()
  }, [Loaded, screen])
  if (Loaded) return <Loaded />
  if (screen !== 'logs') load(screen)
  return <main id='content' tabIndex={-1} aria-busy='true'><p role='status'>{texts.value.common.loading}</p></main>
}

function load (screen: Exclude<Shown, 'logs'>): void {
  const show = (Loaded: ComponentType) => { loaded.value = { ...loaded.peek(), [screen]: Loaded } }
  loaders[screen]().then(show, () => show(UnreadScreen))
}

function UnreadScreen () {
  return <main id='content' tabIndex={-1}><Unread /></main>
}

/** Moves the focus to the heading of the screen, from where reading goes on. */
export function focusContent (): void {
  const content = document.getElementById('content')
  const heading = content?.querySelector('h1')
  if (heading) heading.tabIndex = -1
  const target = heading ?? content
  target?.focus()
}
