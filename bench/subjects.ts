/** A database that a benchmark fills and counts. */
export interface BenchDatabase {
  /** Settings of the service for this database, as environment variables. */
  environment: Record<string, string>
  /** The process of the database server, where it has one on this machine. */
  pid?: number | undefined
  /** Counts all logs, or only those of users 1 to `users` since a time, which is faster in a large table. */
  count (since?: { time: Date, users: number }): Promise<number>
  /** Deletes all logs. */
  empty (): Promise<void>
  drop (): Promise<void>
}
