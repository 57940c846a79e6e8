import { useSignal, type Signal } from '@preact/signals'
import { request } from '../api/client.ts'
import { Dialog } from '../frame/dialog.tsx'
import { FormButtons, FormProblem, useForm } from '../frame/form.tsx'
import { formatNumber } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import type { Usage, User } from './api.ts'
import { Retention } from './retention.tsx'
import { adminTexts } from './texts/index.ts'

export interface ChangeUserProps {
  user: User
  usage: Usage | undefined
  onClose (): void
}

/** Changes what a user may do, and how long the logs of the user are kept; says beforehand what that does. */
export function ChangeUser ({ user, usage, onClose }: ChangeUserProps) {
  const { name } = user
  const admin = useSignal(user.admin)
  const disabled = useSignal(user.disabled)
  const days = useSignal(user.retentionDays)
  const { users: words } = adminTexts.value
  const form = useForm(async () => {
    const changes = Object.entries({ admin: admin.value, disabled: disabled.value, retentionDays: days.value })
      .filter(([key, value]) => user[key as keyof User] !== value)
    if (changes.length > 0) {
      await request(`api/users/${encodeURIComponent(name)}`, { method: 'PATCH', body: Object.fromEntries(changes) })
    }
    onClose()
  }, ({ status }) => status === 409 ? { text: words.lastAdmin } : undefined)
  const logs = usage ? words.logsStay(usage.logs, formatNumber(usage.logs)) : ''
  return (
    <Dialog title={words.changeOf(name)} onClose={onClose}>
      <form class='form' onSubmit={form.handleSubmit}>
        <Switch label={words.admin} value={admin} />
        <p class='hint'>{words.adminEffect}</p>
        <Switch label={words.disable} value={disabled} />
        <p class='hint'>{words.disableEffect} {logs}</p>
        <Retention name={name} days={days} />
        <FormProblem form={form} fields={[]} />
        <FormButtons form={form} submit={words.save}>
          <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
        </FormButtons>
      </form>
    </Dialog>
  )
}

function Switch ({ label, value }: { label: string, value: Signal<boolean> }) {
  return (
    <label class='choice'>
      <input
        type='checkbox'
        checked={value.value}
        onChange={({ currentTarget }) => { value.value = currentTarget.checked }}
      />
      {label}
    </label>
  )
}
