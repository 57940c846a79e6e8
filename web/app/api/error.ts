/** What broke a rule of the API (docs/errors.md); `at` is an offset in the query. */
export interface Fault {
  rule: string
  at?: number
  expected?: readonly string[]
  field?: string
  limit?: number
}

/** The server refused, or could not answer. */
export class ApiError extends Error {
  /** 0: no answer. */
  readonly status: number
  readonly fault: Fault | undefined
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined

  constructor (status: number, detail: string, { fault, retryAfter }: { fault?: Fault, retryAfter?: number } = {}) {
    super(detail)
    this.status = status
    this.fault = fault
    this.retryAfter = retryAfter
  }
}
