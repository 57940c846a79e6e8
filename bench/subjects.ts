/** A database that a bench fills and counts. */
export interface BenchDatabase {
  /** The settings that mean it, as environment variables. */
  environment: Record<string, string>
  /** How many logs there are: all, or of users 1 to `users` alone those that happened since then, which a large table tells faster. */
  count (since?: { time: Date, users: number }): Promise<number>
  /** Takes all the logs away. */
  empty (): Promise<void>
  drop (): Promise<void>
}
