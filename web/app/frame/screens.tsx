import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Logs } from '../list/logs.tsx'
import { texts } from '../texts/index.ts'
import type { Screen } from '../view/view.ts'
import { notify } from './notices.tsx'

/** Each screen but the list is a file of its own, read when it is first shown. */
const loaders: Record<Exclude<Screen, 'logs'>, () => Promise<ComponentType>> = {
  errors: async () => (await import('../errors/errors.tsx')).Errors,
  send: async () => (await import('../send/send.tsx')).Send,
  account: async () => (await import('../account/account.tsx')).Account,
  users: async () => (await import('../admin/users.tsx')).Users,
  storage: async () => (await import('../admin/storage.tsx')).Storage,
  'dead-letters': async () => (await import('../admin/dead-letters.tsx')).DeadLetters,
  audit: async () => (await import('../admin/audit.tsx')).Audit
}

const loaded = signal<Partial<Record<Screen, ComponentType>>>({ logs: Logs })

/** The screen of the address. It has the focus once it is shown, unless the page has just been opened. */
export function ScreenOf ({ screen }: { screen: Screen }) {
  const Shown = loaded.value[screen]
  const focused = useRef(screen)
  useEffect(() => {
    if (!Shown || focused.current === screen) return
    focused.current = screen
    focusContent()
  }, [Shown, screen])
  if (Shown) return <Shown />
  if (screen !== 'logs') load(screen)
  return <main id='content' tabIndex={-1} aria-busy='true'><p role='status'>{texts.value.common.loading}</p></main>
}

function load (screen: Exclude<Screen, 'logs'>): void {
  loaders[screen]().then(
    (Shown) => { loaded.value = { ...loaded.peek(), [screen]: Shown } },
    () => { notify(texts.value.common.unread) })
}

/** Moves the focus to the heading of the screen, from where reading goes on. */
export function focusContent (): void {
  const content = document.getElementById('content')
  const heading = content?.querySelector('h1')
  if (heading) heading.tabIndex = -1
  const target = heading ?? content
  target?.focus()
}
