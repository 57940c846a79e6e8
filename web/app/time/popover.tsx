import '../style/time-popover.css'
import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import calendar from 'icon:calendar'
import { IconButton } from '../frame/icon.tsx'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { fieldTextOf } from './calendar.ts'
import { noteworthySkew, serverNow } from './clock.ts'
import { instantOf, isRelative } from './instant.ts'
import { parseTypedTime } from './parse.ts'
import { dayRange, quickRanges, type Range } from './range.ts'
import { lastRanges, rememberRange } from './last-ranges.ts'
import { showRange } from './show-range.ts'
import { wordsOf } from './words.ts'

/** Ranges to choose from, two fields for any other one, and the zone. */
export function RangePopover ({ onDone }: { onDone (): void }) {
  const now = serverNow()
  const { isUtc } = view.value
  const { time } = texts.value
  const choose = (range: Range) => {
    showRange(range)
    onDone()
  }
  const quick: Range[] = [
    ...quickRanges.map((from) => ({ from, to: '' })),
    dayRange(0, now, isUtc),
    dayRange(1, now, isUtc),
    { from: '', to: '' }
  ]
  return (
    <>
      <Choices label={time.quick} ranges={quick} onChoose={choose} hasFocus />
      <div class='time-own'>
        <OwnRange onChoose={choose} />
        {lastRanges().length > 0 && <Choices label={time.recent} ranges={lastRanges()} onChoose={choose} />}
        <Zone />
        {noteworthySkew.value !== 0 && <p class='time-note'>{time.skew(noteworthySkew.value)}</p>}
      </div>
    </>
  )
}

interface ChoicesProps {
  label: string
  ranges: readonly Range[]
  onChoose (range: Range): void
  /** Whether the chosen one, else the first, gets the focus. */
  hasFocus?: boolean
}

function Choices ({ label, ranges, onChoose, hasFocus = false }: ChoicesProps) {
  const group = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const { current } = group
    if (!hasFocus || !current) return
    const chosen = current.querySelector<HTMLElement>('[aria-pressed=true]') ?? current.querySelector('button')
    chosen?.focus()
  }, [hasFocus])
  return (
    <div ref={group} class='time-choices' role='group' aria-label={label}>
      {ranges.map(({ from, to }) => (
        <button
          key={`${from} ${to}`}
          type='button'
          aria-pressed={from === view.value.from && to === view.value.to}
          onClick={() => onChoose({ from, to })}
        >
          {wordsOf({ from, to })}
        </button>
      ))}
    </div>
  )
}

/** Two fields of text, each with the browser's own field for a date and time behind it. */
function OwnRange ({ onChoose }: { onChoose (range: Range): void }) {
  const from = useSignal(textOf(view.value.from))
  const to = useSignal(textOf(view.value.to || 'now'))
  const hint = useId()
  const { time } = texts.value
  const range = { from: readField(from.value, view.value.from), to: readField(to.value, view.value.to || 'now') }
  const problem = problemOf(range)
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    if (range.from === undefined || range.to === undefined || problem !== undefined) return
    const chosen = { from: range.from, to: range.to === 'now' ? '' : range.to }
    rememberRange(chosen)
    onChoose(chosen)
  }
  return (
    <form onSubmit={onSubmit}>
      <TimeField label={time.from} text={from} isValid={range.from !== undefined} hint={hint} />
      <TimeField label={time.to} text={to} isValid={range.to !== undefined} hint={hint} />
      <p id={hint} class='time-note'>{time.hint}</p>
      <p class={problem === undefined ? 'time-words' : 'time-words problem'} role='status'>
        {problem ?? wordsOf({ from: range.from ?? '', to: range.to ?? '' })}
      </p>
      <button type='submit' disabled={problem !== undefined}>{time.apply}</button>
    </form>
  )
}

function problemOf ({ from, to }: { from: string | undefined, to: string | undefined }): string | undefined {
  const { time } = texts.value
  if (from === undefined || to === undefined) return time.invalid
  const now = serverNow()
  const isEmpty = (instantOf(from, now) ?? -Infinity) >= (instantOf(to, now) ?? Infinity)
  return isEmpty ? time.empty : undefined
}

/** A time of the address as it can be typed. */
function textOf (time: string): string {
  const instant = isRelative(time) ? undefined : instantOf(time, 0)
  return instant === undefined ? time : fieldTextOf(instant, view.value.isUtc).replace('T', ' ')
}

/** What a field means. A text that nobody changed means what it was, to the microsecond. */
function readField (text: string, time: string): string | undefined {
  return text === textOf(time) ? time : parseTypedTime(text, { now: serverNow(), isUtc: view.value.isUtc })
}

interface TimeFieldProps {
  label: string
  text: Signal<string>
  isValid: boolean
  /** Id of the element that says what can be typed. */
  hint: string
}

function TimeField ({ label, text, isValid, hint }: TimeFieldProps) {
  const id = useId()
  const picker = useRef<HTMLInputElement>(null)
  const { time } = texts.value
  const { isUtc } = view.value
  const instant = instantOf(readField(text.value, '') ?? '', serverNow())
  return (
    <div class='time-field'>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={text.value}
        aria-invalid={!isValid}
        aria-describedby={hint}
        autocomplete='off'
        autocapitalize='off'
        spellcheck={false}
        onInput={(event) => { text.value = event.currentTarget.value }}
      />
      <IconButton nodes={calendar} label={time.pick(label)} onClick={() => picker.current?.showPicker()} />
      <input
        ref={picker}
        type='datetime-local'
        class='time-picker'
        step={1}
        tabIndex={-1}
        aria-label={time.pick(label)}
        value={instant === undefined ? '' : fieldTextOf(instant, isUtc)}
        onInput={(event) => { text.value = event.currentTarget.value.replace('T', ' ') }}
      />
    </div>
  )
}

function Zone () {
  const { time } = texts.value
  const zones = [[false, time.local(Intl.DateTimeFormat().resolvedOptions().timeZone)], [true, time.utc]] as const
  return (
    <fieldset class='time-zone'>
      <legend>{time.zone}</legend>
      {zones.map(([isUtc, name]) => (
        <label key={name}>
          <input
            type='radio'
            name='zone'
            checked={view.value.isUtc === isUtc}
            onChange={() => navigate({ isUtc }, { replace: true })}
          />
          {name}
        </label>
      ))}
    </fieldset>
  )
}
