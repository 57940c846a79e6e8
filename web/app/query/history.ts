// Queries that this browser ran, the newest first, for each user.
import { identity } from '../frame/session.ts'

const maxQueries = 100

export function rememberedQueries (): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey()) ?? '[]')
    return Array.isArray(kept) ? kept.filter((query) => typeof query === 'string') : []
  } catch {
    return []
  }
}

export function remember (query: string): void {
  if (query === '') return
  try {
    const others = rememberedQueries().filter((other) => other !== query)
    localStorage.setItem(storageKey(), JSON.stringify([query, ...others].slice(0, maxQueries)))
  } catch {
    // A private window, or a browser that forbids it: there is no history.
  }
}

function storageKey (): string {
  return `loggerbot.queries.${identity.peek()?.user}`
}
