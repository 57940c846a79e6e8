import { signal } from '@preact/signals'
import { ApiError, request } from '../api/client.ts'
import type { Identity } from '../api/types.ts'
import { loadSettings } from './settings.ts'

/** The user of the browser's session; null: signed out; undefined: not known yet. */
export const identity = signal<Identity | null | undefined>(undefined)

/** Asks who is signed in. */
export async function askIdentity (): Promise<void> {
  try {
    welcome(await request<Identity>('api/session'))
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 403)) throw error
    identity.value = null
  }
}

/** Signs in; rejects with ApiError. */
export async function signIn (user: string, password: string): Promise<void> {
  welcome(await request<Identity>('api/session', { method: 'POST', body: { user, password } }))
}

function welcome (user: Identity): void {
  identity.value = user
  // Without the right to read them, those of this browser stay.
  loadSettings().catch(() => {})
}

export async function signOut (): Promise<void> {
  await request('api/session', { method: 'DELETE' })
  identity.value = null
}
