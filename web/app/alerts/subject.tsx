import { Value } from '../list/value.tsx'
import { addressOf, navigate } from '../view/location.ts'
import { defaultView } from '../view/view.ts'
import type { Alert } from './api.ts'

/** Kinds of alerts that are about a group of errors. */
const ofGroups: readonly string[] = ['new', 'regressed', 'unmuted', 'repeated']

/** What an alert is about; a group of errors as a link to it. */
export function Subject ({ alert: { kind, subject, title, note } }: {
  alert: Pick<Alert, 'kind' | 'subject' | 'title' | 'note'>
}) {
  const target = { ...defaultView, screen: 'errors', opened: subject } as const
  return (
    <>
      {ofGroups.includes(kind)
        ? (
          <a
            href={addressOf(target)}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return
              event.preventDefault()
              navigate(target)
            }}
          >
            <Value text={title} />
          </a>
          )
        : <Value text={title} />}
      {note !== null && <small><Value text={note} /></small>}
    </>
  )
}
