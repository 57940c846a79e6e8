import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { ApiError } from '../api/error.ts'
import { explain } from '../api/explain.ts'
import { notify } from '../frame/notices.tsx'
import type { ErrorGroup, GroupChange, GroupReader } from './group-reader.ts'
import { errorTexts } from './texts/index.ts'

interface ActionsProps {
  group: ErrorGroup
  reader: GroupReader
  onChanged (): void
}

const hourMs = 3_600_000
/** Logs until which a group is muted, before another number is typed, and at most. */
const mutedLogs = 100
const maxMutedLogs = 1_000_000_000
/** Groups that are offered to merge with. */
const maxOthers = 100
const maxTextCharacters = 80

/** What can be done about a group. */
export function GroupActions ({ group, reader, onChanged }: ActionsProps) {
  const { user, state } = group
  const error = useSignal<ApiError | undefined>(undefined)
  const words = errorTexts.value
  const attempt = async (work: Promise<void>, done: string) => {
    try {
      await work
      error.value = undefined
      notify(done)
      onChanged()
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason
      error.value = reason
    }
  }
  const button = (text: string, wanted: GroupChange) => (
    <button type='button' onClick={() => { void attempt(reader.change(group, wanted), `${text} ✓`) }}>{text}</button>
  )
  const muteFor = (ms: number): GroupChange => (
    { state: 'muted', until: { time: new Date(Date.now() + ms).toISOString() } }
  )
  return (
    <>
      <div class='actions'>
        {state !== 'acknowledged' && button(words.acknowledge, { state: 'acknowledged' })}
        {button(words.muteHour, muteFor(hourMs))}
        {button(words.muteDay, muteFor(24 * hourMs))}
        <MuteLogs onMute={(logs) => {
          void attempt(reader.change(group, { state: 'muted', until: { logs } }), `${words.muted} ✓`)
        }}
        />
        {state !== 'resolved' && button(words.resolve, { state: 'resolved' })}
        {['acknowledged', 'muted', 'resolved'].includes(state) && button(words.reopen, { state: 'ongoing' })}
      </div>
      {error.value && <p class='problem' role='alert'>{explain(error.value)}</p>}
      <Merge
        group={group}
        reader={reader}
        onMerge={(into) => { void attempt(reader.merge({ id: group.id, user }, into, null), words.merged) }}
      />
      {group.merged.length > 0 && (
        <p class='actions'>
          {words.mergedHere(group.merged.length)}
          {group.merged.map((part) => (
            <button
              key={part}
              type='button'
              onClick={() => { void attempt(reader.merge({ id: part, user }, null, group.id), words.split) }}
            >
              {words.splitOff} <code>{part.slice(0, 6)}</code>
            </button>
          ))}
        </p>
      )}
    </>
  )
}

/** Mutes until a number of further logs, which is typed. */
function MuteLogs ({ onMute }: { onMute (logs: number): void }) {
  const words = errorTexts.value
  return (
    <form
      class='mute-logs'
      onSubmit={(event) => {
        event.preventDefault()
        onMute(Number(new FormData(event.currentTarget).get('logs')))
      }}
    >
      <label>
        {words.furtherLogs}{' '}
        <input type='number' name='logs' required min={1} max={maxMutedLogs} defaultValue={String(mutedLogs)} />
      </label>
      <button type='submit'>{words.muteLogs}</button>
    </form>
  )
}

/** Chooses a group of the same user to count this one with; the other one can split it off again. */
function Merge ({ group, reader, onMerge }: {
  group: ErrorGroup, reader: GroupReader, onMerge (into: string): void
}) {
  const chosen = useSignal('')
  const id = useId()
  const words = errorTexts.value
  const others = reader.state.value.groups.filter((other) => other.user === group.user && other.id !== group.id)
    .slice(0, maxOthers)
  if (others.length === 0) return null
  return (
    <p class='actions'>
      <label for={id}>{words.mergeWith}</label>
      <select id={id} value={chosen.value} onChange={(event) => { chosen.value = event.currentTarget.value }}>
        <option value=''>{words.choose}</option>
        {others.map(({ id, process, text }) => (
          <option key={id} value={id}>{`${process}: ${text.slice(0, maxTextCharacters)}`}</option>
        ))}
      </select>
      <button type='button' disabled={chosen.value === ''} onClick={() => onMerge(chosen.value)}>{words.merge}</button>
    </p>
  )
}
