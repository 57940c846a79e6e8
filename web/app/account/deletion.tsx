import { useSignal } from '@preact/signals'
import { identity } from '../frame/session.ts'
import { lastViewOf } from '../frame/screen-link.tsx'
import { Value } from '../list/value.tsx'
import { DeleteLogs, type Deleted } from './delete-logs.tsx'
import { accountTexts } from './texts/index.ts'

/** Deletes what the list showed last, or all logs of the user. */
export function Deletion () {
  const deleted = useSignal<Deleted | undefined>(undefined)
  const { deletion: words } = accountTexts.value
  const { query, from, to, user } = lastViewOf('logs')
  const { user: name = '', admin = false } = identity.value ?? {}
  return (
    <section>
      <h2>{words.title}</h2>
      {query !== '' && (
        <p>
          <button type='button' onClick={() => { deleted.value = { query, from, to, user } }}>{words.shown}</button>
          {' '}
          <code><Value text={query} /></code>
        </p>
      )}
      <p>
        <button
          type='button'
          onClick={() => { deleted.value = { query: '', from: '', to: '', user: admin ? name : '' } }}
        >
          {words.all}
        </button>
      </p>
      {deleted.value && <DeleteLogs deleted={deleted.value} onClose={() => { deleted.value = undefined }} />}
    </section>
  )
}
