import play from 'icon:play'
import square from 'icon:square'
import { useCommands } from '../frame/commands.ts'
import { Icon } from '../frame/icon.tsx'
import { openOverlay } from '../frame/overlay.tsx'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import type { View } from '../view/view.ts'

/** Whether new logs enter the list: the address asks for it, and the view reaches to now. */
export function isFollowed ({ isLive, to, asOf }: View): boolean {
  return isLive && to === '' && asOf === ''
}

function toggle (): void {
  const { to, asOf } = view.peek()
  if (isFollowed(view.peek())) navigate({ isLive: false }, { replace: true })
  else if (to === '' && asOf === '') navigate({ isLive: true }, { replace: true })
  else openOverlay(async () => (await import('./leave-range.tsx')).LeaveRange)
}

/** Switches live on and off; its icon is what a click does. */
export function LiveSwitch () {
  useCommands([{ name: 'live', keys: ['Space'], run: toggle }])
  const { label, start, stop } = texts.value.live
  const isOn = isFollowed(view.value)
  return (
    <button
      type='button'
      class='live-switch'
      aria-pressed={isOn}
      aria-label={label}
      title={isOn ? stop : start}
      onClick={toggle}
    >
      <Icon nodes={isOn ? square : play} /> {label}
    </button>
  )
}
