import { useId } from 'preact/hooks'
import { Value } from '../list/value.tsx'
import { formatAgo, formatNumber, formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { GroupDetails } from './group-details.tsx'
import { groupName, type ErrorGroup, type GroupReader } from './group-reader.ts'
import { Spark } from './spark.tsx'
import { errorTexts } from './texts/index.ts'

/** A group of errors in one line, which opens its details. */
export function GroupLine ({ group, reader }: { group: ErrorGroup, reader: GroupReader }) {
  const name = groupName(group)
  const isOpen = view.value.opened === name
  const id = useId()
  const { process, text, level, logs, hours, state, first, last } = group
  const words = errorTexts.value
  return (
    <li>
      <button
        type='button'
        class={`group level-${level}`}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => navigate({ opened: isOpen ? '' : name })}
      >
        <span class='level' role='img' aria-label={texts.value.levels[level]}>{level.charAt(0).toUpperCase()}</span>
        <span class='group-count' aria-label={words.times(logs, formatNumber(logs))}>{formatNumber(logs)}</span>
        <Spark counts={hours} />
        <span class='group-process'><Value text={process} /></span>
        <span class='group-text'>
          <span class='group-state'>{words.states[state]}</span> <Value text={text === '' ? words.empty : text} />
        </span>
        <span class='group-times'>
          <time dateTime={last} title={formatTime(last)}>{formatAgo(last)}</time>
          {logs > 1 && <small>{words.since(formatTime(first))}</small>}
        </span>
      </button>
      {isOpen && <div id={id} class='group-details'><GroupDetails group={group} reader={reader} /></div>}
    </li>
  )
}
