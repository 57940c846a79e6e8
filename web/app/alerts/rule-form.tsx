import { useSignal } from '@preact/signals'
import { useAnswer } from '../api/answer.ts'
import type { ApiError } from '../api/error.ts'
import { Dialog } from '../frame/dialog.tsx'
import { Field, FormButtons, FormProblem, Labelled, useForm, type Refusal } from '../frame/form.tsx'
import { notify } from '../frame/notices.tsx'
import { isAdmin } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'
import { Value } from '../list/value.tsx'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { addRule, changeRule, readChannels, type Rule, type RuleKind } from './api.ts'
import { bodyOf } from './rule-body.ts'
import { SettingsFields } from './settings-fields.tsx'
import { alertTexts } from './texts/index.ts'
import { DurationInput, ZoneInput } from './time-inputs.tsx'

const kinds = ['group', 'match', 'count', 'silence', 'server'] as const
const standardCoolDownSeconds = 300
const standardRepeatSeconds = 14_400
/** Characters of the name of a rule. */
const maxNameCharacters = 100

/** Fields at which a refusal is shown. */
const shownFields = [
  'name', 'settings.query', 'settings.moreThan', 'settings.withinSeconds', 'settings.by', 'settings.everySeconds',
  'settings.cron', 'settings.zone', 'settings.graceSeconds', 'coolDownSeconds', 'repeatSeconds', 'quietHours.zone'
]

export interface RuleFormProps {
  /** The rule that is changed; undefined: a new one, of the query of the address. */
  before: Rule | undefined
  onSaved (): void
  onClose (): void
}

/** Makes or changes a rule. */
export function RuleForm ({ before, onSaved, onClose }: RuleFormProps) {
  const { query } = view.value
  const kind = useSignal<RuleKind>(before?.kind ?? (query === '' ? 'group' : 'match'))
  const { form: words, rules } = alertTexts.value
  const form = useForm(async (fields) => {
    const body = bodyOf(kind.value, fields)
    if (before) await changeRule(before.name, body)
    else await addRule({ ...body, enabled: true })
    notify(words.saved)
    onSaved()
    onClose()
  }, refusalOf)
  const { refusal } = form
  return (
    <Dialog title={before ? rules.edit : rules.add} onClose={onClose}>
      <form class='form rule-form' onSubmit={form.handleSubmit}>
        <Field
          name='name'
          label={words.name}
          refusal={refusal}
          autocomplete='off'
          required
          autofocus
          maxLength={maxNameCharacters}
          defaultValue={before?.name ?? query.slice(0, maxNameCharacters).trim()}
        />
        {!before && (
          <Labelled name='kind' label={words.kind} refusal={refusal}>
            {(named) => (
              <select
                {...named}
                value={kind.value}
                onChange={({ currentTarget }) => {
                  kind.value = kinds.find((one) => one === currentTarget.value) ?? kind.value
                }}
              >
                {kinds.filter((one) => one !== 'server' || isAdmin(identity.value)).map((one) => (
                  <option key={one} value={one}>{words.kinds[one]}</option>
                ))}
              </select>
            )}
          </Labelled>
        )}
        <SettingsFields kind={kind.value} settings={before?.settings ?? { query }} refusal={refusal} />
        <ChosenChannels chosen={before?.channels ?? null} />
        <Speaking before={before} refusal={refusal} />
        <FormProblem form={form} fields={shownFields} />
        <FormButtons form={form} submit={words.save}>
          <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
        </FormButtons>
      </form>
    </Dialog>
  )
}

/** The name is taken, as far as the page can tell; or there are too many rules, which the server says. */
function refusalOf ({ status }: ApiError): Refusal | undefined {
  return status === 409 ? { field: 'name', text: alertTexts.value.form.conflict } : undefined
}

/** Which channels are told: all of the user, also later ones, or some. */
function ChosenChannels ({ chosen }: { chosen: readonly string[] | null }) {
  const { answer: channels = [] } = useAnswer(readChannels)
  const isAll = useSignal(chosen === null)
  const { form: words } = alertTexts.value
  return (
    <fieldset>
      <legend>{words.channels}</legend>
      <label class='choice'>
        <input
          type='checkbox'
          name='channels.all'
          checked={isAll.value}
          onChange={({ currentTarget }) => { isAll.value = currentTarget.checked }}
        />
        {words.allChannels}
      </label>
      {!isAll.value && channels.map(({ name }) => (
        <label key={name} class='choice'>
          <input type='checkbox' name='channels' value={name} defaultChecked={chosen?.includes(name)} />
          <Value text={name} />
        </label>
      ))}
      {!isAll.value && <p class='hint'>{words.noChannels}</p>}
    </fieldset>
  )
}

/** How often a rule speaks, and when it does not. */
function Speaking ({ before, refusal }: { before: Rule | undefined, refusal: Refusal | undefined }) {
  const { coolDownSeconds = standardCoolDownSeconds, repeatSeconds = standardRepeatSeconds } = before ?? {}
  const { quietHours = null } = before ?? {}
  const isQuiet = useSignal(quietHours !== null)
  const { form: words } = alertTexts.value
  return (
    <fieldset>
      <legend>{words.speaking}</legend>
      <DurationInput name='coolDownSeconds' label={words.coolDown} refusal={refusal} seconds={coolDownSeconds} />
      <DurationInput name='repeatSeconds' label={words.repeat} refusal={refusal} seconds={repeatSeconds} />
      <label class='choice'>
        <input
          type='checkbox'
          name='quiet'
          checked={isQuiet.value}
          onChange={({ currentTarget }) => { isQuiet.value = currentTarget.checked }}
        />
        {words.isQuiet}
      </label>
      {isQuiet.value && (
        <div class='form-row'>
          <TimeOfDay name='quietHours.from' label={words.from} time={quietHours?.from ?? '22:00'} />
          <TimeOfDay name='quietHours.to' label={words.to} time={quietHours?.to ?? '07:00'} />
          <ZoneInput name='quietHours.zone' label={words.zone} refusal={refusal} zone={quietHours?.zone} />
        </div>
      )}
    </fieldset>
  )
}

function TimeOfDay ({ name, label, time }: { name: string, label: string, time: string }) {
  return (
    <Labelled name={name} label={label} refusal={undefined}>
      {(named) => <input {...named} type='time' required defaultValue={time} />}
    </Labelled>
  )
}
