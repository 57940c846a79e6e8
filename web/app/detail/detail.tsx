import '../style/detail.css'
import { useSignal } from '@preact/signals'
import { useId, useLayoutEffect, useMemo } from 'preact/hooks'
import crosshair from 'icon:crosshair'
import link from 'icon:link'
import { ApiError } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import type { Log } from '../api/types.ts'
import { Icon, IconButton } from '../frame/icon.tsx'
import { notify } from '../frame/notices.tsx'
import { texts } from '../texts/index.ts'
import { addressOf, navigate } from '../view/location.ts'
import { copy } from './copy.ts'
import { CopyMenu } from './copy-menu.tsx'
import { Fields } from './fields.tsx'
import { WholeMessage } from './message.tsx'
import { jsonIn } from './nodes.ts'
import { sqlOf } from './formats.ts'
import { Sql } from './sql.tsx'
import { Tree } from './tree.tsx'
import { wholeOf } from './whole.ts'

type Tab = 'fields' | 'json' | 'sql'

/** Characters of a message in which JSON is looked for without being asked. */
const maxJson = 1_000_000

/** An opened log, whole: its message, its fields and attributes. */
export function Detail ({ log }: { log: Log }) {
  const whole = useWhole(log)
  const tab = useSignal<Tab>('fields')
  const id = useId()
  const shown = whole.value.log ?? log
  const json = useMemo(() => shown.message.length > maxJson ? undefined : jsonIn(shown.message), [shown])
  const { detail } = texts.value
  const tabs = (['fields', 'json', 'sql'] as const).filter((name) => name !== 'json' || json)
  return (
    <section class='detail' aria-label={detail.label}>
      <div class='detail-tools'>
        <div role='tablist' aria-label={detail.label} onKeyDown={(event) => onTabKey(event, tab, tabs)}>
          {tabs.map((name) => (
            <button
              key={name}
              type='button'
              role='tab'
              id={`${id}-${name}`}
              aria-selected={tab.value === name}
              aria-controls={`${id}-panel`}
              tabIndex={tab.value === name ? 0 : -1}
              onClick={() => { tab.value = name }}
            >
              {detail.tabs[name]}
            </button>
          ))}
        </div>
        <button type='button' class='detail-around' onClick={() => navigate({ around: log.id, opened: '' })}>
          <Icon nodes={crosshair} /> {detail.around}
        </button>
        <CopyMenu log={shown} />
        <IconButton
          nodes={link}
          label={detail.copyLink}
          onClick={() => {
            copy(new URL(addressOf({ opened: log.id }), location.href).href)
            notify(texts.value.common.copied)
          }}
        />
        {!whole.value.log && !whole.value.problem && <span role='status'>{detail.loading}</span>}
        <span class='problem'>{whole.value.problem}</span>
      </div>
      <div role='tabpanel' id={`${id}-panel`} aria-labelledby={`${id}-${tab.value}`}>
        {tab.value === 'fields' && (
          <>
            <WholeMessage text={shown.message} />
            <Fields log={shown} />
          </>
        )}
        {tab.value === 'json' && json && <Tree label={detail.tabs.json} value={json} askedOf={() => undefined} />}
        {tab.value === 'sql' && <Sql load={() => sqlOf(log)} />}
      </div>
    </section>
  )
}

type Whole = { log?: undefined, problem?: string } | { log: Log, problem?: undefined }

/** Reads what the list cut of a log. */
function useWhole (log: Log) {
  const whole = useSignal<Whole>(log.cut ? {} : { log })
  // Before the next frame: it takes the server longer than to show the rest.
  useLayoutEffect(() => {
    if (!log.cut) return
    wholeOf(log).then(
      (answer) => { whole.value = { log: answer } },
      (error: unknown) => { if (error instanceof ApiError) whole.value = { problem: explain(error) } }
    )
  }, [log, whole])
  return whole
}

function onTabKey (event: KeyboardEvent, tab: { value: Tab }, tabs: readonly Tab[]): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  const next = tabs.at((tabs.indexOf(tab.value) + step) % tabs.length)
  if (step === 0 || next === undefined) return
  event.preventDefault()
  tab.value = next
  if (event.currentTarget instanceof HTMLElement) {
    event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[tabs.indexOf(next)]?.focus()
  }
}
