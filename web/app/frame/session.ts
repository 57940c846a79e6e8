import { computed, signal } from '@preact/signals'
import { ApiError, onSignedOut, request } from '../api/client.ts'
import type { Identity, Page } from '../api/types.ts'
import { loadSettings } from './settings.ts'

/** The user of the browser's session; null: signed out; undefined: not known yet. */
export const identity = signal<Identity | null | undefined>(undefined)

/** Whether the session may change what belongs to the user; one that a token began only reads. */
export const mayChange = computed(() => identity.value?.scopes.includes('account') ?? false)

/** The next step of a first visit: make a user, sign in, send a log. Undefined: there is something to see. */
export const firstStep = signal<'user' | 'sign-in' | 'send' | undefined>(undefined)

/** Asks who is signed in; if nobody is, whether there is a user at all. */
export async function askIdentity (): Promise<void> {
  try {
    welcome(await request<Identity>('api/session'))
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 403)) throw error
    const { fresh } = await askServer().catch(() => ({ fresh: false }))
    if (fresh) firstStep.value = 'user'
    identity.value = null
  }
}

/** What strangers are told about the server. */
export interface Server {
  /** There is no user yet. */
  fresh: boolean
  /** The first one can be made by the code that the server printed. */
  setup: boolean
}

/** Those who were asked whether they have logs. */
const offered = new WeakSet<Identity>()

/** Shows how to send a first log in place of an empty list, once, to a user without any log. */
export async function offerFirstVisit (): Promise<void> {
  const user = identity.peek()
  if (!user || offered.has(user)) return
  offered.add(user)
  try {
    const { logs, complete } = await request<Page>('api/logs', { params: { limit: 1, cut: 1 } })
    if (logs.length === 0 && complete) firstStep.value = 'send'
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    // The next empty list asks again.
    offered.delete(user)
  }
}

export function askServer (): Promise<Server> {
  return request<Server>('api/server')
}

/** What all random tokens begin with. */
const tokenStart = 'lb_'

/** Whether a password is a token, which says by itself whose it is. */
export function isToken (password: string): boolean {
  return password.startsWith(tokenStart)
}

/** Signs in with a password, or with a token in its place; rejects with ApiError. */
export async function signIn (user: string, password: string): Promise<void> {
  const body = isToken(password) ? { token: password } : { user, password }
  const signedIn = await request<Identity>('api/session', { method: 'POST', body })
  if (firstStep.value !== undefined) firstStep.value = 'send'
  welcome(signedIn)
}

/** Requests that wait until the user has signed in again. */
const waiting = signal<ReadonlyArray<() => void>>([])

/** Whether the session of a user who is looking at logs has ended. */
export const hasSessionEnded = computed(() => waiting.value.length > 0)

onSignedOut(() => identity.peek()
  ? new Promise((resolve) => { waiting.value = [...waiting.peek(), resolve] })
  : undefined)

function welcome (user: Identity): void {
  // What is shown belongs to the user who was signed in before.
  if (hasSessionEnded.peek() && user.user !== identity.peek()?.user) return location.reload()
  identity.value = user
  for (const goOn of waiting.peek()) goOn()
  waiting.value = []
  // Without the right to read them, those of this browser stay.
  loadSettings(user.user).catch(() => {})
}

export async function signOut (): Promise<void> {
  await request('api/session', { method: 'DELETE' })
  identity.value = null
  firstStep.value = undefined
}
