import '../style/around.css'
import { useSignal, useSignalEffect } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import x from 'icon:x'
import { explain } from '../api/explain.ts'
import type { Log } from '../api/types.ts'
import { nameOf, nodesOf } from '../detail/nodes.ts'
import { IconButton } from '../frame/icon.tsx'
import { queryNameOf, quote, quoteName } from '../query/quote.ts'
import { readContext } from '../rows/context.ts'
import { Matches } from '../rows/matches.ts'
import { afterTime } from '../rows/read.ts'
import { Search, type Wanted } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { navigate, view } from '../view/location.ts'
import { List } from './list.tsx'
import { valueOf } from './cell.tsx'
import { Value } from './value.tsx'

/** Milliseconds before and after a log that are shown as a search. */
const nearMs = 300_000
/** Attributes by which logs belong together. */
const links = /(^|[._-])(trace|request|session|correlation|span|order|user|job|id)/i
const maxLinks = 3

export interface AroundProps {
  id: string
  same: string
  /** The search that the list had. */
  wanted: Wanted
}

/** What happened around a log, in place of the list; what does not match the search is dimmed. */
export function Around ({ id, same, wanted }: AroundProps) {
  const context = useMemo(() => new Search(wanted, readContext(id, same, wanted.order)), [])
  const target = useSignal<Log | undefined>(undefined)
  const matches = useSignal<Matches | undefined>(undefined)
  useSignalEffect(() => {
    void context.more()
    return () => context.stop()
  })
  useSignalEffect(() => {
    const { isLoading } = context.state.value
    const logs = [...context.segments.rows()]
    const log = target.peek() ?? logs.find((log) => log.id === id)
    if (isLoading || !log) return
    target.value = log
    if (wanted.query.trim() === '') return
    matches.value ??= new Matches(narrow(wanted.query, same, log), wanted.user)
    // Where the server does not answer, all is shown as if it matched.
    matches.value.ask(logs, context.ended).catch(() => {})
  })
  const { error } = context.state.value
  return (
    <section class='around' aria-label={texts.value.around.label}>
      {target.value && <Chips log={target.value} same={same} context={context} />}
      {error && <p class='problem' role='alert'>{explain(error)}</p>}
      <List search={context} begin={id} isDimmed={(log) => log.id !== id && matches.value?.isOther(log) === true} />
    </section>
  )
}

/** What the context has in common with its log, and the ways out of it. */
function Chips ({ log, same, context }: { log: Log, same: string, context: Search }) {
  const { around } = texts.value
  const choices = [['process', around.process], ['user', around.user]] as const
  return (
    <div class='around-bar' role='toolbar' aria-label={around.label}>
      <IconButton nodes={x} label={around.close} onClick={() => navigate({ around: '', same: 'process' })} />
      <span>{around.of(clockOf(log.at, view.value.isUtc))}</span>
      {choices.map(([name, text]) => (
        <Chip key={name} isChosen={same === name} onClick={() => navigate({ same: name }, { replace: true })}>
          {text} <Value text={log[name]} />
        </Chip>
      ))}
      {linksOf(log).map((name) => (
        <Chip
          key={name}
          isChosen={same === `attribute:${name}`}
          onClick={() => navigate({ same: `attribute:${name}` }, { replace: true })}
        >
          <Value text={`${name} = ${valueOf(log, name)}`} />
        </Chip>
      ))}
      <button type='button' class='link' onClick={() => showNear(log)}>{around.near}</button>
      <button type='button' class='link' onClick={() => takeOver(log, same, context)}>{around.takeOver}</button>
    </div>
  )
}

function Chip ({ isChosen, onClick, children }: { isChosen: boolean, onClick (): void, children: ComponentChildren }) {
  return <button type='button' class='around-chip' aria-pressed={isChosen} onClick={onClick}>{children}</button>
}

/** Attributes by which other logs may belong to a log. */
function linksOf (log: Log): string[] {
  const names: string[] = []
  for (const node of nodesOf(log.attributes ?? {})) {
    const name = nameOf(node)
    if (name === undefined || node.value === undefined || node.value === null || !links.test(name)) continue
    if (names.push(name) === maxLinks) break
  }
  return names
}

/** What the neighbours of a log have in common with it, as a query. */
function queryOf (log: Log, same: string): string {
  const name = same.startsWith('attribute:') ? same.slice('attribute:'.length) : undefined
  if (name !== undefined) return `${quoteName(queryNameOf(name))}:${quote(valueOf(log, name))}`
  if (same === 'user') return ''
  return `process:${quote(log.process)}${log.pid > 0 ? ` pid:${log.pid}` : ''}`
}

/** The query, for the neighbours alone. */
function narrow (query: string, same: string, log: Log): string {
  return `(${query}) ${queryOf(log, same)}`
}

/** Shows all logs of about the time of a log. */
function showNear ({ id, at }: Log): void {
  const shifted = (ms: number) => new Date(Date.parse(at) + ms).toISOString()
  const near = { query: '', from: shifted(-nearMs), to: shifted(nearMs), asOf: '', opened: id }
  navigate({ ...near, around: '', same: 'process' })
}

/** Makes the context a search, which the bar shows. */
function takeOver (log: Log, same: string, context: Search): void {
  const times = [...context.segments.rows()].map(({ at }) => at).sort()
  const [from, last] = [times[0], times.at(-1)]
  if (from === undefined || last === undefined) return
  const taken = { query: queryOf(log, same), from, to: afterTime(last), asOf: '', opened: log.id }
  navigate({ ...taken, around: '', same: 'process' })
}
