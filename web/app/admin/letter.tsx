import { useSignal } from '@preact/signals'
import { request } from '../api/client.ts'
import { Value } from '../list/value.tsx'
import { formatBytes, formatTime } from '../texts/format.ts'
import type { DeadLetter } from './api.ts'
import { adminTexts } from './texts/index.ts'

export interface LetterProps {
  letter: DeadLetter
  onReplay (): void
  onDelete (): void
}

/** A dead letter: why it was refused, and, once it is opened, all that was sent. */
export function Letter ({ letter, onReplay, onDelete }: LetterProps) {
  const { id, user, created, source, reason, bytes, replayable } = letter
  const record = useSignal(letter.record)
  const { letters: words } = adminTexts.value
  const readWhole = () => {
    request<DeadLetter>(`api/dead-letters/${id}`).then((whole) => { record.value = whole.record }, () => {})
  }
  return (
    <li>
      <details onToggle={({ currentTarget }) => { if (currentTarget.open) readWhole() }}>
        <summary>
          <Value text={reason} />
          <small>
            {words.about(user ?? words.nobody, source, formatBytes(bytes))},
            {' '}
            <time dateTime={created}>{formatTime(created)}</time>
          </small>
        </summary>
        <pre><Value text={pretty(record.value)} /></pre>
      </details>
      <span class='actions'>
        {replayable && <button type='button' onClick={onReplay}>{words.replay}</button>}
        <button type='button' onClick={onDelete}>{words.delete}</button>
      </span>
    </li>
  )
}

/** JSON on lines of its own; anything else as it was sent. */
function pretty (record: string): string {
  try {
    return JSON.stringify(JSON.parse(record), undefined, 2)
  } catch {
    return record
  }
}
