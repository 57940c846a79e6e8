import { useSignal } from '@preact/signals'
import type { ComponentChild } from 'preact'
import { useAnswer } from '../api/answer.ts'
import { request } from '../api/client.ts'
import { notify } from '../frame/notices.tsx'
import { Problem } from '../frame/problem.tsx'
import { isAdmin } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'
import { formatNumber } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import type { DeadLetter, DeadLetters as Answer } from './api.ts'
import { Confirm } from '../frame/confirm.tsx'
import { Letter } from './letter.tsx'
import { AdminScreen } from './screen.tsx'
import { adminTexts } from './texts/index.ts'

/** Records that were accepted and could not be stored. */
export function DeadLetters () {
  return <AdminScreen screen='dead-letters'>{isAdmin(identity.value) && <Letters />}</AdminScreen>
}

/** Letters of a page; the server gives no more at once. */
const pageLetters = 100

function Letters () {
  const after = useSignal<string | undefined>(undefined)
  const { answer, error, reload } = useAnswer((signal) => (
    request<Answer>('api/dead-letters', { params: { after: after.value, limit: pageLetters }, signal })
  ))
  const dialog = useSignal<ComponentChild>(undefined)
  const onClose = () => {
    dialog.value = undefined
    reload()
  }
  const { letters: words } = adminTexts.value
  const show = (next: string | undefined) => {
    after.value = next
    reload()
  }
  return (
    <>
      <p>{words.explain}</p>
      <Problem error={error} onRetry={reload} />
      {!answer && !error && <p role='status'>{texts.value.common.loading}</p>}
      {answer && (
        <>
          <p class='actions'>
            <strong role='status'>{words.count(answer.count, formatNumber(answer.count))}</strong>
            {answer.count > 0 && (
              <button
                type='button'
                onClick={() => { dialog.value = <ReplayAll count={answer.count} onClose={onClose} /> }}
              >
                {words.replayAll}
              </button>
            )}
          </p>
          <ul class='letters'>
            {answer.letters.map((letter) => (
              <Letter
                key={letter.id}
                letter={letter}
                onReplay={() => { dialog.value = <Replay letter={letter} onClose={onClose} /> }}
                onDelete={() => { dialog.value = <Delete letter={letter} onClose={onClose} /> }}
              />
            ))}
          </ul>
          <p class='actions'>
            {after.value !== undefined && <button type='button' onClick={() => show(undefined)}>{words.first}</button>}
            {answer.after !== undefined && (
              <button type='button' onClick={() => show(answer.after)}>{words.next}</button>
            )}
          </p>
        </>
      )}
      {dialog.value}
    </>
  )
}

interface ActionProps {
  letter: DeadLetter
  onClose (): void
}

function Replay ({ letter: { id, user }, onClose }: ActionProps) {
  const { letters: words } = adminTexts.value
  const run = async () => {
    await request(`api/dead-letters/${id}/replay`, { method: 'POST' })
    notify(words.stored(1, '1'))
  }
  return (
    <Confirm title={words.replay} submit={words.replay} run={run} onClose={onClose}>
      <p>{words.replayEffect(user ?? words.nobody)}</p>
    </Confirm>
  )
}

function ReplayAll ({ count, onClose }: { count: number, onClose (): void }) {
  const { letters: words } = adminTexts.value
  const run = async () => {
    let stored = 0
    for (let after: string | undefined = ''; after !== undefined;) {
      const part: { stored: number, after?: string } =
        await request('api/dead-letters/replay', { method: 'POST', params: { after } })
      stored += part.stored
      after = part.after
    }
    notify(words.stored(stored, formatNumber(stored)))
  }
  return (
    <Confirm title={words.replayAll} submit={words.replayAll} run={run} onClose={onClose}>
      <p>{words.replayAllEffect(count, formatNumber(count))}</p>
    </Confirm>
  )
}

function Delete ({ letter: { id, user }, onClose }: ActionProps) {
  const { letters: words } = adminTexts.value
  const run = async () => { await request(`api/dead-letters/${id}`, { method: 'DELETE' }) }
  return (
    <Confirm title={words.delete} submit={words.delete} run={run} onClose={onClose}>
      <p>{words.deleteEffect(user ?? words.nobody)}</p>
    </Confirm>
  )
}
