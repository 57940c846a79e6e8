import type { ApiError } from '../api/error.ts'
import { explain } from '../api/explain.ts'
import { texts } from '../texts/index.ts'

/** Why the server gave no answer, with a button that asks it again. */
export function Problem ({ error, onRetry }: { error: ApiError | undefined, onRetry (): void }) {
  if (!error) return null
  return (
    <p class='problem' role='alert'>
      {explain(error)} <button type='button' onClick={onRetry}>{texts.value.common.retry}</button>
    </p>
  )
}
