import { useSignal } from '@preact/signals'
import copyIcon from 'icon:copy'
import { ApiError } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import type { Log } from '../api/types.ts'
import { Icon } from '../frame/icon.tsx'
import { notify } from '../frame/notices.tsx'
import { texts } from '../texts/index.ts'
import { copy } from './copy.ts'
import { curlOf, jsonOf, lineOf, sqlOf } from './formats.ts'

const formats = {
  message: ({ message }: Log) => message,
  line: lineOf,
  json: jsonOf,
  curl: curlOf,
  sql: async (log: Log) => (await sqlOf(log)).sql
}
const names = ['message', 'line', 'json', 'curl', 'sql'] as const

/** A button that shows what can be copied of a log. */
export function CopyMenu ({ log }: { log: Log }) {
  const isOpen = useSignal(false)
  const { detail, common } = texts.value
  const copyAs = async (name: typeof names[number]) => {
    isOpen.value = false
    try {
      copy(await formats[name](log))
      notify(common.copied)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify(explain(error))
    }
  }
  return (
    <>
      <button type='button' aria-expanded={isOpen.value} onClick={() => { isOpen.value = !isOpen.value }}>
        <Icon nodes={copyIcon} /> {common.copy}
      </button>
      {isOpen.value && (
        <span class='copy-formats' role='group' aria-label={common.copy}>
          {names.map((name) => (
            <button key={name} type='button' onClick={() => { void copyAs(name) }}>{detail.formats[name]}</button>
          ))}
        </span>
      )}
    </>
  )
}
