import { ApiError } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import { notify } from '../frame/notices.tsx'
import { texts } from '../texts/index.ts'
import { loadSearches } from './searches.ts'

/** Changes searches. Says why not, where the server refuses; then what is stored there is shown again. */
export async function attempt (change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    notify(error.status === 412 ? texts.value.saved.conflict : explain(error))
    loadSearches().catch(() => {})
  }
}
