import type { ApiError } from '../api/error.ts'
import { Problem } from '../frame/problem.tsx'
import { alertTexts } from './texts/index.ts'

/** Why a list is not there: the server may send no alerts at all. */
export function Trouble ({ error, onRetry }: { error: ApiError | undefined, onRetry (): void }) {
  return error?.status === 404 ? <p>{alertTexts.value.off}</p> : <Problem error={error} onRetry={onRetry} />
}
