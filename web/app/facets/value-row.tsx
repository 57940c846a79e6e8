import also from 'icon:plus'
import out from 'icon:equal-not'
import { formatCount } from '../chart/words.ts'
import { IconButton } from '../frame/icon.tsx'
import { Value } from '../list/value.tsx'
import { refine, type Refinement } from '../query/refine.ts'
import { shown } from '../redact/shown.ts'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { refinementOf, validOf, type Standing } from './chosen.ts'

interface RowProps {
  field: string
  value: string
  count: number
  /** Logs of the whole view. */
  total: number
  isExact: boolean
  query: string
  standing: Standing
}

/** Characters to which the API cuts values: what is cut cannot be asked for. */
const cutCharacters = 1000

/** A value with its number of logs; clicks ask for it, or for anything else. */
export function Row ({ field, value, count, total, isExact, query, standing }: RowProps) {
  const { facets: words, detail } = texts.value
  const seen = shown(value, field)
  const isCut = value.length > cutCharacters
  const change = (how: Refinement) => navigate({ query: refine(validOf(view.value.query, query), field, value, how) })
  return (
    <li class={standing === undefined ? 'facet-value' : `facet-value is-${standing}`}>
      <button
        type='button'
        aria-pressed={standing === 'in'}
        disabled={isCut}
        title={standing === undefined ? detail.only(field, seen) : words.any(field, seen)}
        onClick={(event) => change(refinementOf(event, standing))}
      >
        <span class='facet-bar' style={{ width: `${total === 0 ? 0 : 100 * count / total}%` }} />
        <span class='facet-text'><Value text={value === '' ? '""' : seen} /></span>
        <span class='facet-count'>{isExact ? '' : '≥ '}{formatCount(count)}</span>
      </button>
      {!isCut && (
        <span class='facet-tools'>
          <IconButton nodes={also} label={words.also(field, seen)} onClick={() => change('also')} />
          <IconButton nodes={out} label={detail.out(field, seen)} onClick={() => change('out')} />
        </span>
      )}
    </li>
  )
}
