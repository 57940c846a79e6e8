// Rules: what a user wants to be told of.
import type { UtcTime } from '../../model/instant.ts'

export const ruleKinds = ['match', 'count', 'group', 'silence', 'server'] as const

export type RuleKind = typeof ruleKinds[number]

/** Logs that match a query: told at once. */
export interface MatchSettings {
  query: string
}

/** More logs than a number within a time, by arrival; `by`: counted for each value of a field. */
export interface CountSettings {
  query: string
  moreThan: number
  withinSeconds: number
  by: string | null
}

/** Groups of errors that are new or regressed, with a log that matches the query. */
export interface GroupSettings {
  query: string
}

/** Logs that must come each interval, or at the times of a cron expression; `by`: for each value of a field. */
export type SilenceSettings = { query: string, by: string | null, graceSeconds: number } & Expected

/** When logs must come. */
export type Expected = { everySeconds: number } | { cron: string, zone: string }

/** What a rule is about. */
export type RuleContent =
  | { kind: 'match', settings: MatchSettings }
  | { kind: 'count', settings: CountSettings }
  | { kind: 'group', settings: GroupSettings }
  | { kind: 'silence', settings: SilenceSettings }
  /** Problems of the server itself: for administrators. */
  | { kind: 'server', settings: Record<string, never> }

/** Daily hours without messages, by the clock of a time zone; they may cross midnight. */
export interface QuietHours {
  /** As `22:00`. */
  from: string
  to: string
  zone: string
}

/** How often a rule may speak, and when. */
export interface Telling {
  /** After an alert about a subject, what follows is held for this long, and told together. */
  coolDownSeconds: number
  /** An open error that goes on is told again after this long; 0: never. */
  repeatSeconds: number
  quietHours: QuietHours | null
}

export const standardTelling: Telling = { coolDownSeconds: 300, repeatSeconds: 14_400, quietHours: null }

/** A rule, as its owner writes it. */
export type NewRule = RuleContent & {
  name: string
  telling: Telling
  /** Names of the channels that are told; null: all of the user. */
  channels: string[] | null
  isEnabled: boolean
}

export type Rule = NewRule & {
  id: number
  userId: number
  /** Why it cannot be run; null: it can. */
  fault: string | null
  /** Rises with each change. */
  revision: number
  createdAt: UtcTime
  updatedAt: UtcTime
}

/** A rule of one kind. */
export type RuleOf<Kind extends RuleKind> = Rule & Extract<RuleContent, { kind: Kind }>

/** Bound on the rules of a user. */
export const maxRules = 100

/** Whose logs feed no rule: those of the server itself, which would tell about its own telling. */
export const ownProcess = 'loggerbot'
