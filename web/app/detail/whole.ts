import { request } from '../api/client.ts'
import type { Log } from '../api/types.ts'

/** A log with all that the list cut. */
export async function wholeOf (log: Log, signal?: AbortSignal): Promise<Log> {
  return log.cut ? request<Log>(`api/logs/${log.id}`, { signal }) : log
}
