import { useSignal, useSignalEffect } from '@preact/signals'
import { useAnswer } from '../api/answer.ts'
import { ApiError } from '../api/error.ts'
import { Copyable } from '../frame/copyable.tsx'
import { Dialog } from '../frame/dialog.tsx'
import { Problem } from '../frame/problem.tsx'
import { Value } from '../list/value.tsx'
import { formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { serverNow } from '../time/clock.ts'
import { makeTelegramCode, readChannels, type Channel, type TelegramCode } from './api.ts'
import { alertTexts } from './texts/index.ts'

/** Milliseconds between two looks for the chat. */
const lookMs = 2000

/** Shows a code that links a chat, and waits for the chat. */
export function TelegramLink ({ onClose }: { onClose (): void }) {
  const { answer: code, error, reload } = useAnswer(makeTelegramCode)
  const { channels: words } = alertTexts.value
  return (
    <Dialog title={words.linkTelegram} onClose={onClose}>
      {error?.status === 409 ? <p>{words.noBot}</p> : <Problem error={error} onRetry={reload} />}
      {!code && !error && <p role='status'>{texts.value.common.loading}</p>}
      {code && <Code key={code.code} code={code} onRenew={reload} />}
      <p><button type='button' onClick={onClose}>{texts.value.common.close}</button></p>
    </Dialog>
  )
}

function Code ({ code: { code, link, groupLink, expires }, onRenew }: { code: TelegramCode, onRenew (): void }) {
  const linked = useLinked(expires)
  const { channels: words } = alertTexts.value
  if (linked === 'expired') {
    return <p>{words.expired} <button type='button' onClick={onRenew}>{words.renew}</button></p>
  }
  return (
    <>
      <ul class='ways'>
        <li>{words.privately} <a href={link} target='_blank' rel='noreferrer'>{link}</a></li>
        <li>{words.orGroup} <a href={groupLink} target='_blank' rel='noreferrer'>{words.addToGroup}</a></li>
        <li>{words.orTopic} <Copyable text={`/start ${code}`} /></li>
      </ul>
      <p role='status'>
        {linked
          ? <strong>{words.linked} <Value text={linked.name} /></strong>
          : words.waits(formatTime(expires))}
      </p>
    </>
  )
}

/** The chat that was linked meanwhile; the server sends no word of it, so that it is asked. */
function useLinked (expires: string): Channel | 'expired' | undefined {
  const linked = useSignal<Channel | 'expired' | undefined>(undefined)
  useSignalEffect(() => {
    const ended = new AbortController()
    const known = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (isFirst: boolean) => {
      const chats = (await readChannels(ended.signal)).filter(({ kind }) => kind === 'telegram')
      if (isFirst) for (const { created } of chats) known.add(created)
      linked.value = chats.find(({ created }) => !known.has(created))
      if (linked.value) return
      if (serverNow() > Date.parse(expires)) linked.value = 'expired'
      else timer = setTimeout(start, lookMs, false)
    }
    const start = (isFirst: boolean) => {
      look(isFirst).catch((error: unknown) => {
        if (!ended.signal.aborted && !(error instanceof ApiError)) throw error
      })
    }
    start(true)
    return () => {
      clearTimeout(timer)
      ended.abort()
    }
  })
  return linked.value
}
