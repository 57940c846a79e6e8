import { useEffect, useRef } from 'preact/hooks'
import back from 'icon:arrow-left'
import type { Log } from '../api/types.ts'
import { IconButton } from '../frame/icon.tsx'
import { Value } from '../list/value.tsx'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { navigate, view } from '../view/location.ts'
import { Detail } from './detail.tsx'

/** The log that the address named when the page was opened: going back from it would leave the page. */
const linked = view.peek().opened

/** An opened log on the whole screen of a phone. Opening it was an entry of the history: going back closes it. */
export function PhoneDetail ({ log }: { log: Log }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const { current } = dialog
    current?.showModal()
    return () => current?.close()
  }, [])
  const close = () => {
    if (log.id === linked) navigate({ opened: '' }, { replace: true })
    else history.back()
  }
  return (
    <dialog
      ref={dialog}
      class='phone-detail'
      aria-label={texts.value.detail.label}
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
    >
      <header class={`level-${log.level}`}>
        <IconButton nodes={back} label={texts.value.common.close} onClick={close} />
        <time dateTime={log.at}>{clockOf(log.at, view.value.isUtc)}</time>
        <span class='level'>{texts.value.levels[log.level]}</span>
        <Value text={log.process} />
      </header>
      <Detail log={log} />
    </dialog>
  )
}
