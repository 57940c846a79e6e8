import { useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { useAnswer } from '../api/answer.ts'
import { ApiError } from '../api/error.ts'
import { Problem } from '../frame/problem.tsx'
import { mayChange } from '../frame/session.ts'
import { Table } from '../frame/table.tsx'
import { Value } from '../list/value.tsx'
import { formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { addressOf, navigate, view } from '../view/location.ts'
import { defaultView } from '../view/view.ts'
import { GroupActions } from './group-actions.tsx'
import {
  readDetail, readLogs, type ErrorGroup, type GroupDetail, type GroupLogs, type GroupReader
} from './group-reader.ts'
import { errorTexts } from './texts/index.ts'

/** What is known of a group: why its errors are one, its logs, and its changes. */
export function GroupDetails ({ group, reader }: { group: ErrorGroup, reader: GroupReader }) {
  const { answer, error, reload } = useAnswer((signal) => readDetail(group, signal))
  const words = errorTexts.value
  const { until } = group
  return (
    <>
      <Problem error={error} onRetry={reload} />
      <p>
        {words.states[group.state]} {words.since(formatTime(group.stateSince))}
        {until?.time && `, ${words.untilTime(formatTime(until.time))}`}
        {until?.logs && `, ${words.untilLogs(until.logs)}`}
      </p>
      {mayChange.value && <GroupActions group={group} reader={reader} onChanged={reload} />}
      <Logs group={group} />
      {answer && <Changes changes={answer.changes} />}
    </>
  )
}

function Changes ({ changes }: Pick<GroupDetail, 'changes'>) {
  const words = errorTexts.value
  return (
    <section>
      <h2>{words.changes}</h2>
      <Table label={words.changes} head={[words.time, words.state, words.by, words.note]}>
        {changes.map(({ number, state, at, by, source, note }) => (
          <tr key={number}>
            <td><time dateTime={at}>{formatTime(at)}</time></td>
            <td>{words.states[state]}</td>
            <td><Value text={source === 'server' ? words.server : by} /></td>
            <td><Value text={note} /></td>
          </tr>
        ))}
      </Table>
    </section>
  )
}

/** The logs of a group that are still stored, and what they have in common. */
function Logs ({ group }: { group: ErrorGroup }) {
  const { logs, isBusy, hasMore, error, more } = useLogs(group)
  const words = errorTexts.value
  const [sample] = logs
  return (
    <>
      <section>
        <h2>{words.why}</h2>
        {sample && <p>{words.rules[sample.rule as keyof typeof words.rules]}</p>}
        <dl class='group-why'>
          <dt>{words.common}</dt>
          <dd><Value text={group.text} /></dd>
          {sample && <><dt>{words.sample}</dt><dd><Value text={sample.message} /></dd></>}
        </dl>
      </section>
      <section>
        <h2>{words.logs}</h2>
        <Problem error={error} onRetry={more} />
        <ul class='group-logs'>{logs.map((log) => <Line key={log.id} log={log} />)}</ul>
        <p class='hint'>
          {isBusy ? texts.value.common.loading : logs.length === 0 && !hasMore && words.noLogs}
          {!isBusy && hasMore && <button type='button' onClick={more}>{words.more}</button>}
        </p>
      </section>
    </>
  )
}

/** A log, as a link to what happened around it. */
function Line ({ log: { id, at, message } }: { log: GroupLogs['logs'][0] }) {
  const { user, isUtc } = view.value
  const target = { ...defaultView, from: '', user, isUtc, around: id }
  return (
    <li>
      <a
        href={addressOf(target)}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return
          event.preventDefault()
          navigate(target)
        }}
      >
        <time dateTime={at}>{formatTime(at)}</time> <Value text={message.split('\n')[0] ?? ''} />
      </a>
    </li>
  )
}

function useLogs (group: ErrorGroup) {
  const logs = useSignal<GroupLogs['logs']>([])
  const isBusy = useSignal(true)
  const error = useSignal<ApiError | undefined>(undefined)
  const hasMore = useSignal(false)
  const turn = useSignal(0)
  const cursor = useRef<string | undefined>(undefined)
  useSignalEffect(() => {
    void turn.value
    const ended = new AbortController()
    isBusy.value = true
    error.value = undefined
    readLogs(group, cursor.current, ended.signal).then((page) => {
      cursor.current = page.cursor
      logs.value = [...logs.peek(), ...page.logs]
      hasMore.value = page.cursor !== undefined
      isBusy.value = false
    }, (reason: unknown) => {
      if (ended.signal.aborted) return
      if (!(reason instanceof ApiError)) throw reason
      error.value = reason
      isBusy.value = false
    })
    return () => ended.abort()
  })
  const more = () => { turn.value++ }
  return { logs: logs.value, isBusy: isBusy.value, hasMore: hasMore.value, error: error.value, more }
}
