import { useComputed, useSignal } from '@preact/signals'
import columns from 'icon:columns-3'
import copyIcon from 'icon:copy'
import { IconButton } from '../frame/icon.tsx'
import { notify } from '../frame/notices.tsx'
import { ask, askAtLeast } from '../list/ask.ts'
import { addColumn } from '../list/columns.ts'
import { Value } from '../list/value.tsx'
import { shown } from '../redact/shown.ts'
import { texts } from '../texts/index.ts'
import { copy } from './copy.ts'
import { isAbout, keyOf, nodesOf, type Node } from './nodes.ts'

/** Nodes that are shown at first: two screens; and how many more at a time. */
const firstNodes = 60
const moreNodes = 200
/** Nodes from which on a filter is offered. */
const filteredNodes = 8

/** What can be asked for: a line without it can only be copied. */
export interface Asked {
  /** Its name in a query. */
  field: string
  /** Its name as a column. */
  column: string
}

export interface TreeProps {
  label: string
  /** An object or a list. */
  value: object
  askedOf (node: Node): Asked | undefined
  /** A remark after the value. */
  noteOf? (node: Node): string | undefined
}

/** The parts of a value, each with what can be done with it. */
export function Tree ({ label, value, askedOf, noteOf }: TreeProps) {
  const { filter, closed, all, nodes, toggle } = useNodes(value)
  const limit = useSignal(firstNodes)
  const active = useSignal('')
  const { detail } = texts.value
  const shown = nodes.value.slice(0, limit.value)
  const isActiveShown = shown.some((node) => keyOf(node) === active.value)
  const hidden = nodes.value.length - shown.length
  return (
    <>
      {(all.value.length > filteredNodes || filter.value !== '') && (
        <input
          type='search'
          class='tree-filter'
          aria-label={detail.filter(all.value.length)}
          placeholder={detail.filter(all.value.length)}
          value={filter.value}
          onInput={(event) => { filter.value = event.currentTarget.value }}
        />
      )}
      <div
        role='tree'
        class='tree'
        aria-label={label}
        onKeyDown={(event) => onTreeKey(event, toggle)}
        onPointerOver={({ target }) => { active.value = lineOf(target)?.dataset.key ?? active.value }}
        onFocusIn={({ target }) => { active.value = lineOf(target)?.dataset.key ?? active.value }}
        onClick={({ target }) => {
          const line = lineOf(target)
          if (line?.ariaExpanded && getSelection()?.type !== 'Range') toggle(line.dataset.key ?? '')
        }}
      >
        {shown.map((node, index) => (
          <Line
            key={keyOf(node)}
            node={node}
            asked={askedOf(node)}
            note={noteOf?.(node)}
            isOpen={!closed.value.has(keyOf(node))}
            isActive={keyOf(node) === active.value}
            isTabStop={isActiveShown ? keyOf(node) === active.value : index === 0}
          />
        ))}
      </div>
      {hidden > 0 && (
        <button type='button' onClick={() => { limit.value += moreNodes }}>{detail.moreNodes(hidden)}</button>
      )}
    </>
  )
}

/** The nodes of a value that are shown: those about a text, without those below closed ones. */
function useNodes (value: object) {
  const filter = useSignal('')
  const closed = useSignal<ReadonlySet<string>>(new Set())
  const all = useComputed(() => [...nodesOf(value, (path) => closed.value.has(keyOf({ path })))])
  const nodes = useComputed(() => (
    filter.value === '' ? all.value : all.value.filter((node) => isAbout(node, filter.value))
  ))
  const toggle = (key: string) => {
    const next = new Set(closed.value)
    if (!next.delete(key)) next.add(key)
    closed.value = next
  }
  return { filter, closed, all, nodes, toggle }
}

function lineOf (target: EventTarget | null): HTMLElement | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('.tree-line') ?? undefined : undefined
}

/** Arrows move between the lines, and open and close those that have parts. */
function onTreeKey (event: KeyboardEvent, toggle: (key: string) => void): void {
  const line = lineOf(event.target)
  if (!line || event.target !== line || event.altKey || event.ctrlKey) return
  const next = event.key === 'ArrowDown' ? line.nextElementSibling : line.previousElementSibling
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (next instanceof HTMLElement) next.focus()
  } else if (line.ariaExpanded !== (event.key === 'ArrowRight' ? 'false' : event.key === 'ArrowLeft' ? 'true' : '')) {
    return
  } else {
    toggle(line.dataset.key ?? '')
  }
  event.preventDefault()
  event.stopPropagation()
}

interface LineProps {
  node: Node
  asked: Asked | undefined
  note: string | undefined
  isOpen: boolean
  isActive: boolean
  isTabStop: boolean
}

function Line ({ node, asked, note, isOpen, isActive, isTabStop }: LineProps) {
  const isBranch = node.value === undefined
  const value = isBranch ? '' : String(node.value)
  const name = node.path.join('.')
  return (
    <div
      role='treeitem'
      class='tree-line'
      tabIndex={isTabStop ? 0 : -1}
      aria-level={node.depth}
      aria-expanded={isBranch ? isOpen : undefined}
      data-key={keyOf(node)}
      data-field={asked?.field}
      data-value={asked && value}
    >
      <span class='tree-name' style={{ paddingInlineStart: `${(node.depth - 1) * 2}ch` }}>
        {isBranch && (isOpen ? '▾ ' : '▸ ')}<Value text={String(node.path.at(-1))} />
      </span>
      <span class='tree-value'>
        {isBranch ? !isOpen && <span class='muted'>{`{${node.parts}}`}</span> : <Value text={value} name={name} />}
        {note !== undefined && <span class='muted'>{note}</span>}
        {isActive && !isBranch && <Tools {...{ value, name, asked }} isNumber={typeof node.value === 'number'} />}
      </span>
    </div>
  )
}

interface ToolsProps {
  value: string
  name: string
  asked: Asked | undefined
  isNumber: boolean
}

/** What can be done with a value. */
function Tools ({ value, name, asked, isNumber }: ToolsProps) {
  const { detail, common } = texts.value
  const seen = shown(value, name)
  return (
    <span class='tools'>
      {asked && (
        <>
          <Tool text='=' label={detail.only(asked.field, seen)} onClick={() => ask(asked.field, value, 'only')} />
          <Tool text='≠' label={detail.out(asked.field, seen)} onClick={() => ask(asked.field, value, 'out')} />
          {isNumber && (
            <Tool text='≥' label={detail.atLeast(asked.field, seen)} onClick={() => askAtLeast(asked.field, value)} />
          )}
          <IconButton nodes={columns} label={detail.column(asked.column)} onClick={() => addColumn(asked.column)} />
        </>
      )}
      <IconButton
        nodes={copyIcon}
        label={common.copy}
        onClick={() => {
          copy(value)
          notify(common.copied)
        }}
      />
    </span>
  )
}

function Tool ({ text, label, onClick }: { text: string, label: string, onClick (): void }) {
  return <button type='button' aria-label={label} title={label} onClick={onClick}>{text}</button>
}
