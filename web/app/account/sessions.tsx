import { useSignal } from '@preact/signals'
import x from 'icon:x'
import { useAnswer } from '../api/answer.ts'
import { ApiError, request } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import { Confirm } from '../frame/confirm.tsx'
import { IconButton } from '../frame/icon.tsx'
import { notify } from '../frame/notices.tsx'
import { Problem } from '../frame/problem.tsx'
import { Table } from '../frame/table.tsx'
import { Value } from '../list/value.tsx'
import { Ago } from './ago.tsx'
import { browserOf } from './browser.ts'
import { accountTexts } from './texts/index.ts'

interface Session {
  id: number
  last_used: string
  address: string
  user_agent: string
  current: boolean
}

/** Browsers that are signed in; each can be signed out. */
export function Sessions () {
  const { answer, error, reload } = useAnswer((signal) => request<{ sessions: Session[] }>('api/sessions', { signal }))
  const isAsking = useSignal(false)
  const { sessions: words } = accountTexts.value
  // This one first, then those used last.
  const sessions = answer?.sessions.toSorted((one, other) => (
    Number(other.current) - Number(one.current) || other.last_used.localeCompare(one.last_used)))
  const others = sessions?.filter(({ current }) => !current).length ?? 0
  const onClose = () => {
    isAsking.value = false
    reload()
  }
  return (
    <section>
      <header>
        <h2>{words.title}</h2>
        {others > 0 && <button type='button' onClick={() => { isAsking.value = true }}>{words.endOthers}</button>}
      </header>
      <Problem error={error} onRetry={reload} />
      {sessions && (
        <Table label={words.title} head={[words.browser, words.address, words.used, words.end]}>
          {sessions.map((session) => <Line key={session.id} session={session} onEnded={reload} />)}
        </Table>
      )}
      {isAsking.value && (
        <Confirm
          title={words.endOthers}
          submit={words.signOut}
          run={async () => {
            const { ended } = await request<{ ended: number }>('api/sessions', { method: 'DELETE' })
            notify(words.ended(ended))
          }}
          onClose={onClose}
        >
          <p>{words.endEffect(others)}</p>
        </Confirm>
      )}
    </section>
  )
}

function Line ({ session, onEnded }: { session: Session, onEnded (): void }) {
  const { id, address, user_agent: userAgent, last_used: used, current } = session
  const { sessions: words } = accountTexts.value
  const browser = browserOf(userAgent)
  const end = async () => {
    try {
      await request(`api/sessions/${id}`, { method: 'DELETE' })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify(explain(error))
    }
    onEnded()
  }
  return (
    <tr>
      <th scope='row' title={userAgent}><Value text={browser} /></th>
      <td><Value text={address} /></td>
      <td>{current ? words.current : <Ago at={used} />}</td>
      <td>{!current && <IconButton nodes={x} label={words.endOf(browser)} onClick={() => { void end() }} />}</td>
    </tr>
  )
}
