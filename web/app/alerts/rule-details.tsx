import { useSignal } from '@preact/signals'
import x from 'icon:x'
import { refreshMs, useAnswer } from '../api/answer.ts'
import { ApiError } from '../api/error.ts'
import { explain } from '../api/explain.ts'
import { IconButton } from '../frame/icon.tsx'
import { mayChange } from '../frame/session.ts'
import { Table } from '../frame/table.tsx'
import { Value } from '../list/value.tsx'
import { formatTime } from '../texts/format.ts'
import { language } from '../texts/index.ts'
import { durationOf } from '../time/duration.ts'
import {
  changeRule, deleteRule, forgetValue, readRule, type Alert, type Rule, type RuleDetail, type RuleState
} from './api.ts'
import { AlertLine } from './alert-line.tsx'
import { RuleForm } from './rule-form.tsx'
import { alertTexts } from './texts/index.ts'
import { Trouble } from './trouble.tsx'

export interface RuleDetailsProps {
  rule: Rule
  onChanged (): void
  onDeleted (): void
}

/** What a rule does, the values that it looks at, and what it told. */
export function RuleDetails ({ rule, onChanged, onDeleted }: RuleDetailsProps) {
  const { name, fault } = rule
  const { answer, error, reload } = useAnswer((signal) => readRule(name, signal), { againMs: refreshMs })
  const refusal = useSignal<ApiError | undefined>(undefined)
  const attempt = async (work: Promise<void>, then: () => void) => {
    refusal.value = undefined
    try {
      await work
      then()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      refusal.value = error
    }
  }
  const both = () => {
    onChanged()
    reload()
  }
  return (
    <>
      {fault !== null && <p class='problem'><Value text={fault} /></p>}
      <Facts rule={rule} />
      {mayChange.value && (
        <Actions
          rule={rule}
          onChanged={both}
          onSwitch={() => { void attempt(changeRule(name, { enabled: !rule.enabled }), both) }}
          onDelete={() => { void attempt(deleteRule(name), onDeleted) }}
        />
      )}
      {refusal.value && <p class='problem' role='alert'>{explain(refusal.value)}</p>}
      <Trouble error={error} onRetry={reload} />
      {answer && (
        <States rule={answer} onForget={(value) => { void attempt(forgetValue(name, value), reload) }} />
      )}
      {answer && <History rule={answer} />}
    </>
  )
}

/** How a rule speaks. */
function Facts ({ rule: { channels, coolDownSeconds, repeatSeconds, quietHours } }: { rule: Rule }) {
  const { form: words, rules } = alertTexts.value
  const time = (seconds: number) => durationOf(seconds * 1000, language.value)
  return (
    <dl class='entry-facts'>
      <dt>{words.channels}</dt>
      <dd>{channels === null ? words.allChannels : <Value text={channels.join(', ') || rules.noChannel} />}</dd>
      <dt>{words.coolDown}</dt><dd>{time(coolDownSeconds)}</dd>
      <dt>{rules.repeat}</dt><dd>{repeatSeconds === 0 ? rules.never : time(repeatSeconds)}</dd>
      {quietHours && <><dt>{words.quiet}</dt><dd>{`${quietHours.from}–${quietHours.to} ${quietHours.zone}`}</dd></>}
    </dl>
  )
}

interface ActionsProps {
  rule: Rule
  onChanged (): void
  onSwitch (): void
  onDelete (): void
}

function Actions ({ rule, onChanged, onSwitch, onDelete }: ActionsProps) {
  const isEdited = useSignal(false)
  const { rules: words } = alertTexts.value
  return (
    <p class='actions'>
      <button type='button' onClick={() => { isEdited.value = true }}>{words.edit}</button>
      <button type='button' onClick={onSwitch}>{rule.enabled ? words.switchOff : words.switchOn}</button>
      <button type='button' onClick={onDelete}>{words.delete}</button>
      {isEdited.value && (
        <RuleForm before={rule} onSaved={onChanged} onClose={() => { isEdited.value = false }} />
      )}
    </p>
  )
}

/** The values that a rule looks at, each for itself. Groups of errors have a screen of their own. */
function States ({ rule: { kind, states }, onForget }: { rule: RuleDetail, onForget (value: string): void }) {
  const { rules: words } = alertTexts.value
  if (kind === 'group' || states.length === 0) return null
  const isSilence = kind === 'silence'
  const stateOf = ({ state }: RuleState) => words.valueStates[state] ?? state
  const timeOf = (at: string | null) => at !== null && <time dateTime={at}>{formatTime(at)}</time>
  return (
    <section>
      <h2>{words.values}</h2>
      <Table
        label={words.values}
        head={[words.value, words.state, words.since, ...isSilence ? [words.lastLog, words.due, words.forget] : []]}
      >
        {states.map((state) => (
          <tr key={state.subject}>
            <th scope='row'>{state.subject === '' ? words.allLogs : <Value text={state.subject} />}</th>
            <td>{stateOf(state)}</td>
            <td>{timeOf(state.since)}</td>
            {isSilence && <td>{timeOf(state.last)}</td>}
            {isSilence && <td>{timeOf(state.due)}</td>}
            {isSilence && (
              <td>
                {mayChange.value && state.subject !== '' && (
                  <IconButton nodes={x} label={words.forgetOf(state.subject)} onClick={() => onForget(state.subject)} />
                )}
              </td>
            )}
          </tr>
        ))}
      </Table>
    </section>
  )
}

function History ({ rule: { alerts } }: { rule: RuleDetail }) {
  const { rules: words } = alertTexts.value
  return (
    <section>
      <h2>{words.history}</h2>
      {alerts.length === 0 && <p class='hint'>{words.noHistory}</p>}
      <ul class='entries'>
        {alerts.map((alert) => <AlertLine key={alert.id} alert={toAlert(alert)} />)}
      </ul>
    </section>
  )
}

/** An alert of the history as others are listed; its number is its id in base 36. */
function toAlert ({ id, sent, ...alert }: RuleDetail['alerts'][0]): Alert {
  const deliveries = sent.map((delivery) => ({ ...delivery, mayRepeat: false }))
  return { ...alert, number: `#${BigInt(id).toString(36).toUpperCase()}`, rule: null, process: null, deliveries }
}
