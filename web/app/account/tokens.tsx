import { useSignal } from '@preact/signals'
import type { ComponentChild } from 'preact'
import plus from 'icon:plus'
import trash from 'icon:trash'
import { useAnswer } from '../api/answer.ts'
import { request } from '../api/client.ts'
import { Confirm } from '../frame/confirm.tsx'
import { Icon, IconButton } from '../frame/icon.tsx'
import { Problem } from '../frame/problem.tsx'
import { Table } from '../frame/table.tsx'
import { Value } from '../list/value.tsx'
import { formatTime } from '../texts/format.ts'
import { Ago } from './ago.tsx'
import { NewToken } from './new-token.tsx'
import { accountTexts } from './texts/index.ts'

interface Token {
  id: number
  name: string
  scopes: string[]
  last_used: string | null
  expires: string | null
}

/** Tokens of programs: made, shown without their secrets, revoked. */
export function Tokens () {
  const { answer, error, reload } = useAnswer((signal) => request<{ tokens: Token[] }>('api/tokens', { signal }))
  const dialog = useSignal<ComponentChild>(undefined)
  const { tokens: words } = accountTexts.value
  const onClose = () => {
    dialog.value = undefined
    reload()
  }
  return (
    <section>
      <header>
        <h2>{words.title}</h2>
        <button type='button' onClick={() => { dialog.value = <NewToken onClose={onClose} /> }}>
          <Icon nodes={plus} /> {words.add}
        </button>
      </header>
      <Problem error={error} onRetry={reload} />
      {answer?.tokens.length === 0 && <p class='hint'>{words.none}</p>}
      {answer && answer.tokens.length > 0 && (
        <Table label={words.title} head={[words.name, words.scopes, words.used, words.expires, words.revoke]}>
          {answer.tokens.map((token) => (
            <Line
              key={token.id}
              token={token}
              onRevoke={() => { dialog.value = <Revoke token={token} onClose={onClose} /> }}
            />
          ))}
        </Table>
      )}
      {dialog.value}
    </section>
  )
}

function Line ({ token: { name, scopes, last_used: used, expires }, onRevoke }: {
  token: Token, onRevoke (): void
}) {
  const { tokens: words } = accountTexts.value
  return (
    <tr>
      <th scope='row'><Value text={name} /></th>
      <td>{scopes.join(', ')}</td>
      <td>{used === null ? words.never : <Ago at={used} />}</td>
      <td>{expires === null ? words.never : <time dateTime={expires}>{formatTime(expires)}</time>}</td>
      <td><IconButton nodes={trash} label={words.revokeOf(name)} onClick={onRevoke} /></td>
    </tr>
  )
}

function Revoke ({ token: { id, name, last_used: used }, onClose }: { token: Token, onClose (): void }) {
  const { tokens: words } = accountTexts.value
  return (
    <Confirm
      title={words.revokeOf(name)}
      submit={words.revoke}
      run={() => request(`api/tokens/${id}`, { method: 'DELETE' })}
      onClose={onClose}
    >
      <p>{used === null ? words.revokeUnused : words.revokeUsed} {used !== null && <Ago at={used} />}</p>
      <p>{words.revokeEffect}</p>
    </Confirm>
  )
}
