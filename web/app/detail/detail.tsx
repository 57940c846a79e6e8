import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { request } from '../api/client.ts'
import type { Log } from '../api/types.ts'
import { Value } from '../list/value.tsx'
import { texts } from '../texts/index.ts'
import { addressOf, view } from '../view/location.ts'
import { copy } from './copy.ts'
import { Fields } from './fields.tsx'
import { piecesOf } from './stack.ts'

/** An opened log, whole: its message, its fields and attributes. */
export function Detail ({ log }: { log: Log }) {
  const whole = useSignal(log.cut ? undefined : log)
  const { user } = view.value
  useEffect(() => {
    if (!log.cut) return
    const ended = new AbortController()
    request<Log>(`api/logs/${log.id}`, { params: { user }, signal: ended.signal })
      .then((answer) => { whole.value = answer }, () => {})
    return () => ended.abort()
  }, [log, user, whole])

  const shown = whole.value ?? log
  const { detail } = texts.value
  return (
    <div class='detail'>
      <div class='detail-tools'>
        <button type='button' onClick={() => copy(shown.message)}>{detail.copyMessage}</button>
        <button type='button' onClick={() => copy(JSON.stringify(shown, undefined, 2))}>{detail.copyJson}</button>
        <button type='button' onClick={() => copy(new URL(addressOf({ opened: log.id }), location.href).href)}>
          {detail.copyLink}
        </button>
        {!whole.value && <span role='status'>{detail.loading}</span>}
      </div>
      <WholeMessage text={shown.message} />
      <Fields log={shown} />
    </div>
  )
}

function WholeMessage ({ text }: { text: string }) {
  const opened = useSignal<ReadonlySet<number>>(new Set())
  return (
    <pre>
      {piecesOf(text).map(({ lines, isFolded }, index) => isFolded && !opened.value.has(index)
        ? (
          <button
            key={index}
            type='button'
            class='folded'
            onClick={() => { opened.value = new Set([...opened.value, index]) }}
          >
            {texts.value.detail.frames(lines.length)}
          </button>
          )
        : <div key={index}><Value text={lines.join('\n')} /></div>)}
    </pre>
  )
}
