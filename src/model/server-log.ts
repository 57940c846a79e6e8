/** The server's own log, which tells its operator of problems. Fastify's `app.log` is one. */
export interface ServerLog {
  warn (fields: object, sentence: string): void
  error (fields: object, sentence: string): void
}
