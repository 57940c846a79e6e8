import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import columns from 'icon:columns-3'
import down from 'icon:chevron-down'
import pin from 'icon:pin'
import right from 'icon:chevron-right'
import { levels } from '../api/types.ts'
import { Icon, IconButton } from '../frame/icon.tsx'
import { saveSettings, settings } from '../frame/settings.ts'
import { addColumn } from '../list/columns.ts'
import { Value } from '../list/value.tsx'
import { texts } from '../texts/index.ts'
import { BoundsForm } from './bounds-form.tsx'
import { namedIn, standingIn } from './chosen.ts'
import { topValues, type Facet } from './counts.ts'
import { Row } from './value-row.tsx'

export interface SectionProps {
  field: string
  /** Undefined: not counted yet. */
  facet: Facet | undefined
  isOpen: boolean
  /** False: there may be more logs than are counted. */
  isExact: boolean
  /** Whether more than the first values are shown. */
  isWhole: boolean
  /** The query of the search that is counted. */
  query: string
  onTurn (): void
  onWhole (): void
}

/** Fields that every log has. */
const ownFields = ['level', 'process', 'description', 'user', 'pid']

/** One field with its values. */
export function Section (props: SectionProps) {
  const { field, facet, isOpen, onTurn } = props
  const id = useId()
  const { facets: words, detail } = texts.value
  const { pinned } = settings.value
  const isPinned = pinned.includes(field)
  return (
    <section class='facet' aria-labelledby={id}>
      <h2>
        <button type='button' id={id} class='facet-head' aria-expanded={isOpen} onClick={onTurn}>
          <Icon nodes={isOpen ? down : right} />
          <Value text={field} />
        </button>
        {!ownFields.includes(field) && (
          <span class='facet-tools'>
            <IconButton
              nodes={pin}
              label={words.pin(field)}
              isPressed={isPinned}
              onClick={() => saveSettings({
                pinned: isPinned ? pinned.filter((other) => other !== field) : [...pinned, field]
              })}
            />
            <IconButton nodes={columns} label={detail.column(field)} onClick={() => addColumn(field)} />
          </span>
        )}
      </h2>
      {isOpen && facet && <Values {...props} facet={facet} />}
    </section>
  )
}

function Values ({ field, facet, isExact, isWhole, query, onWhole }: SectionProps & { facet: Facet }) {
  const filter = useSignal('')
  const { facets: words } = texts.value
  const counted = field === 'level' ? inOrder(facet) : withNamed(facet, query)
  const total = facet.values.reduce((sum, { count }) => sum + count, facet.rest + facet.missing)
  const standing = standingIn(query, field)
  const wanted = filter.value.toLowerCase()
  const isNumeric = !ownFields.includes(field) && counted.length > 0 && counted.every(({ value }) => isNumber(value))
  return (
    <>
      {isWhole && (
        <input
          class='facet-filter'
          aria-label={words.filter(field)}
          placeholder={words.filter(field)}
          value={filter.value}
          onInput={(event) => { filter.value = event.currentTarget.value }}
        />
      )}
      <ul>
        {counted.filter(({ value }) => value.toLowerCase().includes(wanted)).map(({ value, count }) => (
          <Row key={value} {...{ field, value, count, total, isExact, query }} standing={standing(value)} />
        ))}
      </ul>
      {facet.missing > 0 && <p class='facets-note'>{words.missing(facet.missing)}</p>}
      {(facet.distinct > topValues || isWhole) && (
        <button type='button' class='link' onClick={onWhole}>
          {isWhole ? words.fewer : words.more(facet.distinct - facet.values.length)}
        </button>
      )}
      {isNumeric && <BoundsForm field={field} query={query} />}
    </>
  )
}

/** The values that were counted, and those without logs that the query names. */
function withNamed ({ field, values }: Facet, query: string): Facet['values'] {
  const known = new Set(values.map(({ value }) => value.toLowerCase()))
  const named = namedIn(query, field).filter((value) => !known.has(value.toLowerCase()))
  return [...values, ...named.map((value) => ({ value, count: 0 }))]
}

/** All levels, the worst first. */
function inOrder ({ values }: Facet): Facet['values'] {
  return levels.toReversed().map((level) => ({
    value: level, count: values.find(({ value }) => value === level)?.count ?? 0
  }))
}

function isNumber (text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text)
}
