import { useComputed, useSignal } from '@preact/signals'
import type { Log } from '../api/types.ts'
import { addColumn } from '../list/columns.ts'
import { Value } from '../list/value.tsx'
import { queryNameOf, refine, type Refinement } from '../query/refine.ts'
import { isValid } from '../query/parse.ts'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { copy } from './copy.ts'
import { isAbout, nameOf, nodesOf, type Node } from './nodes.ts'

/** Nodes that are shown at first. */
const firstNodes = 200

/** All fields and attributes of a log, each with what can be done with its value. */
export function Fields ({ log }: { log: Log }) {
  const filter = useSignal('')
  const limit = useSignal(firstNodes)
  const closed = useSignal<ReadonlySet<string>>(new Set())
  const nodes = useComputed(() => {
    const all = nodesOf(log.attributes ?? {}, (path) => closed.value.has(keyOf({ path })))
    return [...all].filter((node) => filter.value === '' || isAbout(node, filter.value))
  })
  const toggle = (node: Node) => {
    const key = keyOf(node)
    const next = new Set(closed.value)
    if (!next.delete(key)) next.add(key)
    closed.value = next
  }

  const { detail } = texts.value
  const hidden = nodes.value.length - limit.value
  return (
    <>
      <dl class='fields'>
        <Line name='at' value={log.at} />
        <Line name='level' value={log.level} field='level' />
        <Line name='process' value={log.process} field='process' />
        {log.pid > 0 && <Line name='pid' value={String(log.pid)} field='pid' />}
        {log.description !== '' && <Line name='description' value={log.description} field='description' />}
        <Line name='user' value={log.user} />
        <Line name='arrived' value={log.arrived} />
      </dl>
      {(nodes.value.length > 8 || filter.value !== '') && (
        <input
          type='search'
          aria-label={detail.filter(nodes.value.length)}
          placeholder={detail.filter(nodes.value.length)}
          value={filter.value}
          onInput={(event) => { filter.value = event.currentTarget.value }}
        />
      )}
      <dl class='fields'>
        {nodes.value.slice(0, limit.value).map((node) => (
          <NodeLine key={keyOf(node)} node={node} isClosed={closed.value.has(keyOf(node))} onToggle={toggle} />
        ))}
      </dl>
      {hidden > 0 && (
        <button type='button' onClick={() => { limit.value *= 5 }}>{detail.moreNodes(hidden)}</button>
      )}
    </>
  )
}

function keyOf ({ path }: Pick<Node, 'path'>): string {
  return JSON.stringify(path)
}

interface NodeLineProps {
  node: Node
  isClosed: boolean
  onToggle (node: Node): void
}

function NodeLine ({ node, isClosed, onToggle }: NodeLineProps) {
  const name = String(node.path.at(-1))
  const style = { paddingInlineStart: `${(node.depth - 1) * 2}ch` }
  if (node.value === undefined) {
    return (
      <>
        <dt style={style}>
          <button type='button' class='folded' aria-expanded={!isClosed} onClick={() => onToggle(node)}>
            {isClosed ? '▸' : '▾'} <Value text={name} />
          </button>
        </dt>
        <dd>{isClosed && `{${node.parts}}`}</dd>
      </>
    )
  }
  const attribute = nameOf(node)
  return (
    <>
      <dt style={style}><Value text={name} /></dt>
      <dd>
        <Value text={String(node.value)} />
        <Tools
          value={String(node.value)}
          {...attribute !== undefined && { field: queryNameOf(attribute), column: attribute }}
        />
      </dd>
    </>
  )
}

function Line ({ name, value, field }: { name: string, value: string, field?: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Value text={value} />
        <Tools value={value} {...field !== undefined && { field, column: field }} />
      </dd>
    </>
  )
}

/** What can be done with a value. */
function Tools ({ value, field, column }: { value: string, field?: string, column?: string }) {
  const { detail } = texts.value
  const ask = (how: Refinement) => {
    const { query } = view.value
    if (field !== undefined && isValid(query)) navigate({ query: refine(query, field, value, how), opened: '' })
  }
  return (
    <span class='tools'>
      {field !== undefined && (
        <>
          <button type='button' title={detail.only(field, value)} onClick={() => ask('only')}>=</button>
          <button type='button' title={detail.out(field, value)} onClick={() => ask('out')}>≠</button>
        </>
      )}
      {column !== undefined && (
        <button
          type='button'
          title={detail.column(column)}
          onClick={() => addColumn(column)}
        >
          ▥
        </button>
      )}
      <button type='button' title={detail.copy} onClick={() => copy(value)}>⧉</button>
    </span>
  )
}
