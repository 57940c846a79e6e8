import { Labelled, type Refusal } from '../frame/form.tsx'
import { inUnit, unitNames } from './rule-body.ts'
import { alertTexts } from './texts/index.ts'

interface InputProps {
  name: string
  label: string
  refusal: Refusal | undefined
}

/** A length of time: a number and its unit. */
export function DurationInput ({ seconds, ...labelled }: InputProps & { seconds: number }) {
  const { count, unit } = inUnit(seconds)
  const { units, unitOf } = alertTexts.value
  return (
    <Labelled {...labelled}>
      {(named) => (
        <span class='duration'>
          <input {...named} type='number' min={0} required defaultValue={String(count)} />
          <select name={`${named.name}.unit`} aria-label={unitOf(labelled.label)}>
            {unitNames.map((each) => <option key={each} value={each} selected={each === unit}>{units[each]}</option>)}
          </select>
        </span>
      )}
    </Labelled>
  )
}

/** A time zone by its name; at first the one of the browser. */
export function ZoneInput ({ zone = Intl.DateTimeFormat().resolvedOptions().timeZone, ...labelled }: InputProps & {
  zone: string | undefined
}) {
  const list = `${labelled.name}.zones`
  return (
    <>
      <Labelled {...labelled}>
        {(named) => <input {...named} type='text' required defaultValue={zone} list={list} spellcheck={false} />}
      </Labelled>
      <datalist id={list}>
        {Intl.supportedValuesOf('timeZone').map((each) => <option key={each} value={each} />)}
      </datalist>
    </>
  )
}
