import { useSignal } from '@preact/signals'
import plus from 'icon:plus'
import { refreshMs, useAnswer } from '../api/answer.ts'
import { ApiError } from '../api/error.ts'
import { explain } from '../api/explain.ts'
import { Icon } from '../frame/icon.tsx'
import { notify } from '../frame/notices.tsx'
import { mayChange } from '../frame/session.ts'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { addRule, readAlerts, readRules, type Rule } from './api.ts'
import { RuleForm } from './rule-form.tsx'
import { RuleLine } from './rule-line.tsx'
import { TabLink } from './tab-link.tsx'
import { alertTexts } from './texts/index.ts'
import { Trouble } from './trouble.tsx'

/** Alerts among which the last one of each rule is looked for; the server gives no more at once. */
const lastAlerts = 200

/** The rules of the user: what they look at, and what they told last. */
export function Rules () {
  const { answer: rules, error, reload } = useAnswer(readRules, { againMs: refreshMs })
  const { answer: told } = useAnswer((signal) => readAlerts({ limit: lastAlerts }, signal), { againMs: refreshMs })
  const deleted = useSignal<Rule | undefined>(undefined)
  const { rules: words } = alertTexts.value
  const restore = async (rule: Rule) => {
    try {
      await addRule(rule)
      deleted.value = undefined
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify(explain(error))
    }
    reload()
  }
  if (!rules) {
    return error ? <Trouble error={error} onRetry={reload} /> : <p role='status'>{texts.value.common.loading}</p>
  }
  return (
    <>
      {mayChange.value && (
        <p>
          <button type='button' onClick={() => navigate({ tab: 'new', query: '', opened: '' })}>
            <Icon nodes={plus} /> {words.add}
          </button>
        </p>
      )}
      <Trouble error={error} onRetry={reload} />
      {rules.length === 0 && <p>{words.none} <TabLink tab='channels' /></p>}
      <ul class='entries'>
        {rules.map((rule) => (
          <RuleLine
            key={rule.name}
            rule={rule}
            last={told?.alerts.find((alert) => alert.rule === rule.name)}
            onChanged={reload}
            onDeleted={() => {
              deleted.value = rule
              reload()
            }}
          />
        ))}
      </ul>
      {deleted.value && (
        <p class='hint' role='status'>
          {words.deleted(deleted.value.name)}{' '}
          <button type='button' onClick={() => { if (deleted.value) void restore(deleted.value) }}>{words.undo}</button>
        </p>
      )}
      {view.value.tab === 'new' && mayChange.value && (
        <RuleForm
          before={undefined}
          onSaved={reload}
          onClose={() => navigate({ tab: 'rules', query: '' }, { replace: true })}
        />
      )}
    </>
  )
}
