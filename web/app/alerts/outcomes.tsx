import { Value } from '../list/value.tsx'
import type { Delivery } from './api.ts'
import { alertTexts } from './texts/index.ts'

/** What became of an alert on each of its channels. */
export function Outcomes ({ deliveries }: { deliveries: readonly Delivery[] }) {
  const { outcomes } = alertTexts.value
  if (deliveries.length === 0) return <>{outcomes.noChannel}</>
  return (
    <ul class='outcomes'>
      {deliveries.map((delivery, index) => (
        <li key={index}><Value text={delivery.channel ?? outcomes.deleted} />: <Outcome delivery={delivery} /></li>
      ))}
    </ul>
  )
}

/** What became of a message, and why. */
export function Outcome ({ delivery }: { delivery: Delivery }) {
  const { state, cause, reason } = delivery
  const { outcomes } = alertTexts.value
  const isGood = state === 'sent'
  return (
    <>
      <span class={`outcome ${isGood ? 'is-good' : state === 'given_up' || reason !== null ? 'is-bad' : ''}`}>
        {outcomes[nameOf(delivery)]}
      </span>
      {!isGood && <Reason cause={cause} detail={reason} />}
    </>
  )
}

/** Why a message was not delivered, and the server's own words, which are English. */
export function Reason ({ cause, detail }: { cause: string | null, detail: string | null }) {
  if (detail === null) return null
  const sentence = cause === null ? undefined : alertTexts.value.causes[cause]
  return <small>{sentence !== undefined && `${sentence} `}<span lang='en'><Value text={detail} /></span></small>
}

function nameOf ({ state, mayRepeat, reason }: Delivery) {
  switch (state) {
    case 'sending': return 'sending'
    case 'sent': return mayRepeat ? 'sentTwice' : 'sent'
    case 'given_up': return mayRepeat ? 'lostOrNot' : 'lost'
    case 'waiting': return mayRepeat ? 'unknown' : reason === null ? 'held' : 'failed'
  }
}
