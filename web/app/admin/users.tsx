import { useSignal } from '@preact/signals'
import type { ComponentChild } from 'preact'
import add from 'icon:user-plus'
import key from 'icon:key-round'
import pencil from 'icon:pencil'
import { useAnswer } from '../api/answer.ts'
import { request } from '../api/client.ts'
import { Icon, IconButton } from '../frame/icon.tsx'
import { Problem } from '../frame/problem.tsx'
import { isAdmin } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'
import { Table } from '../frame/table.tsx'
import { Value } from '../list/value.tsx'
import { formatAgo, formatNumber, formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { AddUser } from './add-user.tsx'
import type { Usage, User } from './api.ts'
import { ChangeUser } from './change-user.tsx'
import { NewPassword } from './new-password.tsx'
import { AdminScreen } from './screen.tsx'
import { adminTexts } from './texts/index.ts'
import { useUsages } from './usages.ts'

/** Users of the server: what they are, what they have, and what can be changed about them. */
export function Users () {
  return <AdminScreen screen='users'>{isAdmin(identity.value) && <List />}</AdminScreen>
}

function List () {
  const { answer: users, error, reload } = useAnswer(allUsers)
  const usages = useUsages(users)
  const dialog = useSignal<ComponentChild>(undefined)
  const { users: words } = adminTexts.value
  const onClose = () => {
    dialog.value = undefined
    reload()
  }
  return (
    <>
      <p>
        <button type='button' class='primary' onClick={() => { dialog.value = <AddUser onClose={onClose} /> }}>
          <Icon nodes={add} /> {words.add}
        </button>
      </p>
      <Problem error={error} onRetry={reload} />
      {!users && !error && <p role='status'>{texts.value.common.loading}</p>}
      {users && (
        <Table
          label={words.list}
          head={[words.name, words.role, words.logs, words.last, words.kept, words.state, words.change]}
          numbers={[words.logs]}
        >
          {users.map((user) => (
            <Line
              key={user.name}
              user={user}
              usage={usages.value.get(user.name)}
              onDialog={(Dialog) => {
                dialog.value = <Dialog user={user} usage={usages.value.get(user.name)} onClose={onClose} />
              }}
            />
          ))}
        </Table>
      )}
      {dialog.value}
    </>
  )
}

interface LineProps {
  user: User
  usage: Usage | undefined
  onDialog (dialog: typeof ChangeUser | typeof NewPassword): void
}

function Line ({ user: { name, admin, disabled, retentionDays }, usage, onDialog }: LineProps) {
  const { users: words } = adminTexts.value
  return (
    <tr class={disabled ? 'is-off' : ''}>
      <th scope='row'><Value text={name} /></th>
      <td>{admin ? words.admin : words.user}</td>
      <td class='number'>{usage && words.atLeast(formatNumber(usage.logs), usage.complete)}</td>
      <td>
        {usage && (usage.newest === null
          ? words.never
          : <time dateTime={usage.newest} title={formatTime(usage.newest)}>{formatAgo(usage.newest)}</time>)}
      </td>
      <td>{retentionDays === null ? words.keptAsServer : words.keptFor(retentionDays)}</td>
      <td>{disabled ? words.disabled : words.active}</td>
      <td>
        <IconButton nodes={pencil} label={words.changeOf(name)} onClick={() => onDialog(ChangeUser)} />
        <IconButton nodes={key} label={words.passwordOf(name)} onClick={() => onDialog(NewPassword)} />
      </td>
    </tr>
  )
}

/** Users of a page; the server gives no more at once. */
const pageUsers = 1000

async function allUsers (signal: AbortSignal): Promise<User[]> {
  const users: User[] = []
  for (let after: string | undefined = ''; after !== undefined;) {
    const params = { after, limit: pageUsers }
    const page: { users: User[], after?: string } = await request('api/users', { params, signal })
    users.push(...page.users)
    after = page.after
  }
  return users
}
