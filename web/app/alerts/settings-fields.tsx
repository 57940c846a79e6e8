import { useSignal } from '@preact/signals'
import { Choice } from '../frame/choice.tsx'
import { Field, Labelled, type Refusal } from '../frame/form.tsx'
import type { RuleKind } from './api.ts'
import { QueryInput } from './query-input.tsx'
import { alertTexts } from './texts/index.ts'
import { DurationInput, ZoneInput } from './time-inputs.tsx'

/** Settings of any kind; those of another kind are missing. */
interface Settings {
  query?: string
  by?: string | null
  moreThan?: number
  withinSeconds?: number
  everySeconds?: number
  cron?: string
  zone?: string
  graceSeconds?: number
}

interface SettingsProps {
  settings: Settings
  refusal: Refusal | undefined
}

/** What a rule looks at: the settings of its kind. */
export function SettingsFields ({ kind, settings, refusal }: SettingsProps & { kind: RuleKind }) {
  const { form: words } = alertTexts.value
  if (kind === 'server') return null
  return (
    <>
      <QueryInput
        label={words.query}
        query={settings.query ?? ''}
        placeholder={kind === 'group' ? words.allErrors : words.anyLog}
        refusal={refusal}
      />
      {kind === 'count' && <CountFields settings={settings} refusal={refusal} />}
      {kind === 'silence' && <SilenceFields settings={settings} refusal={refusal} />}
      {(kind === 'count' || kind === 'silence') && (
        <Field
          name='settings.by'
          label={words.by}
          refusal={refusal}
          autocomplete='off'
          placeholder='process'
          defaultValue={settings.by ?? ''}
        />
      )}
    </>
  )
}

function CountFields ({ settings: { moreThan = 10, withinSeconds = 300 }, refusal }: SettingsProps) {
  const { form: words } = alertTexts.value
  return (
    <div class='form-row'>
      <Labelled name='settings.moreThan' label={words.moreThan} refusal={refusal}>
        {(named) => <input {...named} type='number' min={0} required defaultValue={String(moreThan)} />}
      </Labelled>
      <DurationInput name='settings.withinSeconds' label={words.within} refusal={refusal} seconds={withinSeconds} />
    </div>
  )
}

function SilenceFields ({ settings, refusal }: SettingsProps) {
  const { everySeconds = 3600, cron, zone, graceSeconds = 300 } = settings
  const isCron = useSignal(cron !== undefined)
  const { form: words } = alertTexts.value
  return (
    <>
      <Choice
        name='expected'
        label={words.expected}
        values={[['every', words.byInterval], ['cron', words.byCron]]}
        chosen={isCron.value ? 'cron' : 'every'}
        onChoose={(chosen) => { isCron.value = chosen === 'cron' }}
      />
      <div class='form-row'>
        {isCron.value
          ? (
            <>
              <Field
                name='settings.cron'
                label={words.cron}
                refusal={refusal}
                autocomplete='off'
                required
                placeholder='30 2 * * *'
                defaultValue={cron}
              />
              <ZoneInput name='settings.zone' label={words.zone} refusal={refusal} zone={zone} />
            </>
            )
          : <DurationInput name='settings.everySeconds' label={words.every} refusal={refusal} seconds={everySeconds} />}
        <DurationInput name='settings.graceSeconds' label={words.grace} refusal={refusal} seconds={graceSeconds} />
      </div>
    </>
  )
}
