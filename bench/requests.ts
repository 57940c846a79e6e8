/** A log as it is sent, without its time. */
export interface CorpusLog {
  level: string | number
  message: string
  description: string
  /** Age in whole seconds: a client collects its logs for some time before it sends them. */
  secondsAgo: number
}

/** The logs that one process sends in one request. */
export interface CorpusRequest {
  pid: number
  processName: string
  logs: CorpusLog[]
}
