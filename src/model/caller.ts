/** Whom the logs belong to. */
export interface LogUser {
  id: number
  name: string
}

/** What a credential is good for: sending logs, reading them, or all that its user may, letting go of logs and making tokens included. */
export const scopes = ['write', 'read', 'account'] as const

export type Scope = typeof scopes[number]

/** Whoever a request comes from. */
export interface Caller {
  /** Null for the API key, which is nobody's. */
  id: number | null
  name: string
  scopes: ReadonlySet<Scope>
  /** Sees everybody's logs. */
  admin: boolean
  /** Of the random token that it came with, if it did. */
  tokenId?: number
  /** Milliseconds within which each log that is sent with this token is stored once. Default: however often it comes. */
  onceMs?: number
}
