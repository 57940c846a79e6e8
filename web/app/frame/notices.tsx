import { signal } from '@preact/signals'

/** Milliseconds for which a notice is shown. */
const shownMs = 6000

const notice = signal('')
let timer: ReturnType<typeof setTimeout> | undefined

/** Says what happened, in one sentence, on the screen and to screen readers. */
export function notify (text: string): void {
  clearTimeout(timer)
  notice.value = text
  timer = setTimeout(() => { notice.value = '' }, shownMs)
}

export function Notices () {
  return <p class='notice' role='status'>{notice.value}</p>
}
