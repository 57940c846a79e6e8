import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { Logs } from '../list/logs.tsx'
import { texts } from '../texts/index.ts'
import type { Screen } from '../view/view.ts'

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

/** The screen of the address. */
export function ScreenOf ({ screen }: { screen: Screen }) {
  const Shown = loaded.value[screen]
  if (Shown) return <Shown />
  if (screen !== 'logs') void load(screen)
  return <main id='content' tabIndex={-1} aria-busy='true'><p role='status'>{texts.value.common.loading}</p></main>
}

async function load (screen: Exclude<Screen, 'logs'>): Promise<void> {
  const Shown = await loaders[screen]()
  loaded.value = { ...loaded.peek(), [screen]: Shown }
}
