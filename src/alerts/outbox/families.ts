// Families: errors that differ in one word of their texts, such as `no column price here` and `no column total here`.
// They stay groups of their own; only a message that tells many of them at once tells them in one line.
import { groupBy } from '../../model/group-by.ts'
import type { StoredAlert } from './stored-alert.ts'

/** Alerts that are told in one line: a family, or one alert. */
export interface Family {
  /** The text of the alerts, with `…` in the place of the word in which they differ. */
  title: string
  alerts: readonly StoredAlert[]
}

/** Fewer errors are told one by one: the word may be what matters. */
const minAlerts = 5
/** Texts with fewer words have too little in common, and those with more are compared for too long. */
const minWords = 3
const maxWords = 20

/** Finds the families among alerts; alerts without one are alone. In the order of the first alert of each. */
export function familiesOf (alerts: readonly StoredAlert[]): Family[] {
  const taken = new Set<StoredAlert>()
  const families: Family[] = []
  const candidates = [...similar(alerts)].flatMap((bucket) => candidatesIn(bucket))
  for (const { title, alerts: all } of candidates.sort((one, other) => other.alerts.length - one.alerts.length)) {
    const free = all.filter((alert) => !taken.has(alert))
    if (free.length < minAlerts) continue
    for (const alert of free) taken.add(alert)
    families.push({ title, alerts: free })
  }
  const alone = alerts.flatMap((alert) => taken.has(alert) ? [] : [{ title: alert.detail.title, alerts: [alert] }])
  const places = new Map(alerts.map((alert, place) => [alert, place]))
  const placeOf = ({ alerts: [first] }: Family) => (first && places.get(first)) ?? 0
  return [...families, ...alone].sort((one, other) => placeOf(one) - placeOf(other))
}

/** An alert with the words of its title. */
interface Text {
  alert: StoredAlert
  words: readonly string[]
}

/** Alerts about errors of one process that were told alike and have the same number of words. */
function similar (alerts: readonly StoredAlert[]): Iterable<Text[]> {
  const texts = alerts.map((alert) => ({ alert, words: wordsOf(alert.detail.title) }))
  const comparable = texts.filter(({ alert, words }) => (
    alert.detail.groupKey !== undefined && words.length >= minWords && words.length <= maxWords
  ))
  return groupBy(comparable, ({ alert: { kind, ruleId, detail }, words }) => (
    `${kind} ${ruleId} ${words.length} ${detail.process}`
  )).values()
}

function candidatesIn (texts: readonly Text[]): Family[] {
  if (texts.length < minAlerts) return []
  const found: Family[] = []
  for (let place = 0; place < (texts[0]?.words.length ?? 0); place++) {
    if (texts.every(({ words }) => words[place] === texts[0]?.words[place])) continue
    for (const [title, same] of groupBy(texts, ({ words }) => words.with(place, '…').join(' '))) {
      if (same.length >= minAlerts) found.push({ title, alerts: same.map(({ alert }) => alert) })
    }
  }
  return found
}

function wordsOf (text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
