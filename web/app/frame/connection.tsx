import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { connection } from '../api/connection.ts'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { view } from '../view/location.ts'
import { reloadPage } from './unread.tsx'
import { isOutdated } from './version.ts'

/** A quiet line while requests wait for the server, and where it has a new version of the page. */
export function Connection () {
  const { newVersion, reload } = texts.value.states
  return (
    <div class='connection' role='status'>
      {connection.value && <p><Reason /> <NextTry /></p>}
      {isOutdated.value && (
        <p>{newVersion} <button type='button' class='link' onClick={reloadPage}>{reload}</button></p>
      )}
    </div>
  )
}

function Reason () {
  const { states } = texts.value
  if (!connection.value) return null
  const { trouble, since } = connection.value
  if (trouble !== 'database') return <>{states[trouble]}</>
  return <>{states.database(clockOf(new Date(since).toISOString(), view.value.isUtc).slice(0, 5))}</>
}

/** Counts the seconds down; screen readers are told once. */
function NextTry () {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => { now.value = Date.now() }, 1000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.ceil(((connection.value?.retryAt ?? 0) - now.value) / 1000)
  return seconds > 0 ? <span aria-hidden='true'>{texts.value.states.nextTry(seconds)}</span> : null
}
