import { useSignal } from '@preact/signals'
import { useId, useRef } from 'preact/hooks'
import previous from 'icon:chevron-left'
import next from 'icon:chevron-right'
import clock from 'icon:clock'
import { useCommands } from '../frame/commands.ts'
import { Icon, IconButton } from '../frame/icon.tsx'
import { lazy } from '../frame/lazy.tsx'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { serverNow } from './clock.ts'
import { move, widen } from './range.ts'
import { showRange } from './show-range.ts'
import { wordsOf } from './words.ts'

const RangePopover = lazy(async () => (await import('./popover.tsx')).RangePopover)

/** The range of time: what it is, steps before and after it, and a popover to choose another one. */
export function TimeRange () {
  const id = useId()
  const popover = useRef<HTMLDivElement>(null)
  const place = useSignal<{ top: number, end: number } | undefined>(undefined)
  const { time } = texts.value
  useCommands([
    { name: 'time', keys: ['t'], run: () => popover.current?.togglePopover() },
    { name: 'earlier', keys: ['['], run: () => showRange(move(view.value, -1, serverNow())) },
    { name: 'later', keys: [']'], run: () => showRange(move(view.value, 1, serverNow())) },
    { name: 'widen', keys: ['-'], run: () => showRange(widen(view.value, serverNow())) },
    { name: 'zone', keys: ['u'], run: () => navigate({ isUtc: !view.value.isUtc }, { replace: true }) }
  ])
  return (
    <div class='time-range' role='group' aria-label={time.label}>
      <button type='button' class='time-button' popovertarget={id} aria-label={time.choose(wordsOf(view.value))}>
        <Icon nodes={clock} />
        <span>{wordsOf(view.value)}</span>
        {view.value.isUtc && <small>UTC</small>}
      </button>
      <Step nodes={previous} label={time.earlier} direction={-1} />
      <Step nodes={next} label={time.later} direction={1} />
      <div
        ref={popover}
        id={id}
        popover='auto'
        class='popover time-popover'
        role='dialog'
        aria-label={time.label}
        style={{ '--top': `${place.value?.top ?? 0}px`, '--end': `${place.value?.end ?? 0}px` }}
        onToggle={(event) => { place.value = event.newState === 'open' ? placeUnder(popover.current) : undefined }}
      >
        {place.value && <RangePopover key={String(view.value.isUtc)} onDone={() => popover.current?.hidePopover()} />}
      </div>
    </div>
  )
}

interface StepProps {
  nodes: typeof previous
  label: string
  direction: -1 | 1
}

function Step ({ nodes, label, direction }: StepProps) {
  const isPossible = move(view.value, direction, serverNow()) !== undefined
  const onClick = () => showRange(move(view.value, direction, serverNow()))
  return <IconButton nodes={nodes} label={label} disabled={!isPossible} onClick={onClick} />
}

/** Place of a popover: under its parent, whose end it shares. */
function placeUnder (popover: HTMLElement | null): { top: number, end: number } {
  const box = popover?.parentElement?.getBoundingClientRect()
  return box ? { top: box.bottom + 4, end: Math.max(8, innerWidth - box.right) } : { top: 0, end: 0 }
}
