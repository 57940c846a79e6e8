/** A log as it is sent, but for its time. */
export interface CorpusLog {
  level: string | number
  message: string
  description: string
  /** How long ago it happened, in whole seconds: a client gathers its logs for some time before it sends them. */
  secondsAgo: number
}

/** What one process sends at once. */
export interface CorpusRequest {
  pid: number
  processName: string
  logs: CorpusLog[]
}
