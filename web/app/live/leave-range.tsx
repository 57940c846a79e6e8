import { Confirm } from '../frame/confirm.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { texts } from '../texts/index.ts'
import { formatTime } from '../texts/format.ts'
import { navigate, view } from '../view/location.ts'

/** Asks before live leaves a range that has an end. */
export function LeaveRange ({ onClose }: OverlayProps) {
  const { from, to, asOf } = view.value
  const { leaveTitle, leave, follow } = texts.value.live
  const end = to === '' ? asOf : to
  const run = async () => navigate({ to: '', asOf: '', isLive: true })
  return (
    <Confirm title={leaveTitle} submit={follow} run={run} onClose={onClose}>
      <p>{leave([from, end].filter((time) => time !== '').map(nameOf).join(' – '))}</p>
    </Confirm>
  )
}

/** A relative time as it is written. */
function nameOf (time: string): string {
  return Number.isNaN(Date.parse(time)) ? time : formatTime(time)
}
