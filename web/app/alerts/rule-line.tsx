import { useId } from 'preact/hooks'
import { Ago } from '../account/ago.tsx'
import { Value } from '../list/value.tsx'
import { language } from '../texts/index.ts'
import { durationOf } from '../time/duration.ts'
import { navigate, view } from '../view/location.ts'
import type { Alert, Rule } from './api.ts'
import { isQuiet } from './quiet.ts'
import { RuleDetails, type RuleDetailsProps } from './rule-details.tsx'
import { alertTexts } from './texts/index.ts'

export interface RuleLineProps extends RuleDetailsProps {
  /** The last alert, if it is known. */
  last: Alert | undefined
}

/** A rule in one line, which opens its details. */
export function RuleLine ({ rule, last, ...actions }: RuleLineProps) {
  const { name, settings } = rule
  const isOpen = view.value.opened === name
  const id = useId()
  const query = 'query' in settings ? settings.query : ''
  return (
    <li>
      <button
        type='button'
        class='entry'
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => navigate({ opened: isOpen ? '' : name })}
      >
        <span class='entry-main'>
          <strong><Value text={name} /></strong> <State rule={rule} />
          <span class='entry-about'>
            <Value text={sentenceOf(rule)} /> {query !== '' && <code><Value text={query} /></code>}
          </span>
        </span>
        <span class='entry-time'>{last && <Ago at={last.at} />}</span>
      </button>
      {isOpen && <div id={id} class='entry-details'><RuleDetails rule={rule} {...actions} /></div>}
    </li>
  )
}

function State ({ rule: { enabled, fault, quietHours } }: { rule: Rule }) {
  const { states } = alertTexts.value.rules
  if (fault !== null) return <span class='state is-bad'>{states.faulty}</span>
  if (!enabled) return <span class='state'>{states.off}</span>
  if (quietHours && isQuiet(quietHours, Date.now())) return <span class='state'>{states.quiet(quietHours.to)}</span>
  return <span class='state is-good'>{states.on}</span>
}

/** What a rule looks at, in plain words; its query is shown beside. */
function sentenceOf (rule: Rule): string {
  const { sentences } = alertTexts.value
  const time = (seconds: number) => durationOf(seconds * 1000, language.value)
  switch (rule.kind) {
    case 'match': return rule.settings.query === '' ? sentences.everyLog : sentences.match
    case 'group': return rule.settings.query === '' ? sentences.group : sentences.groupOf
    case 'server': return sentences.server
    case 'count': return sentences.count(rule.settings.moreThan, time(rule.settings.withinSeconds), rule.settings.by)
    case 'silence': return 'cron' in rule.settings
      ? sentences.silenceAt(rule.settings.cron, rule.settings.zone, rule.settings.by)
      : sentences.silence(time(rule.settings.everySeconds), rule.settings.by)
  }
}
