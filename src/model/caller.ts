/** Owner of logs. */
export interface LogUser {
  id: number
  name: string
}

/** What a credential allows: to send logs, to read them, or all that its user may, deletion and tokens included. */
export const scopes = ['write', 'read', 'account'] as const

export type Scope = typeof scopes[number]

interface Rights {
  name: string
  scopes: ReadonlySet<Scope>
  /** May read the logs of all users. */
  admin: boolean
}

/** The owner of the API key, who is no user: has no logs and no tokens. */
export interface KeyCaller extends Rights {
  kind: 'key'
  id: null
}

export interface UserCaller extends Rights {
  kind: 'user'
  id: number
  /** The random token that the request came with. */
  tokenId?: number
  /** The browser's session that the request came with. */
  sessionId?: number
  /** Window in ms within which a log sent with the token is stored once. Default: however often it is sent. */
  onceMs?: number
}

/** Sender of a request. */
export type Caller = KeyCaller | UserCaller

/** Person who changes something. */
export interface Actor {
  /** Name of the user, or `command line`. */
  name: string
  /** Network address of the request. Default: none. */
  address?: string
}
