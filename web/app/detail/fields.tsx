import type { Log } from '../api/types.ts'
import { arrivalOf } from '../list/moment.ts'
import { queryNameOf } from '../query/quote.ts'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { view } from '../view/location.ts'
import { nameOf, type Node } from './nodes.ts'
import { Tree, type Asked } from './tree.tsx'

/** All fields and attributes of a log. */
export function Fields ({ log }: { log: Log }) {
  const { level, process, pid, description, user } = log
  const fields = {
    at: log.at,
    level,
    process,
    ...pid > 0 && { pid },
    ...description !== '' && { description },
    user,
    arrived: log.arrived
  }
  const { detail } = texts.value
  const noteOf = ({ path: [name] }: Node) => {
    if (name === 'at') return detail.localTime(clockOf(log.at, view.value.isUtc))
    return name === 'arrived' ? arrivalOf(log) : undefined
  }
  return (
    <>
      <Tree label={detail.fields} value={fields} askedOf={fieldOf} noteOf={noteOf} />
      {log.attributes && <Tree label={detail.attributes} value={log.attributes} askedOf={attributeOf} />}
    </>
  )
}

const times = ['at', 'arrived']

function fieldOf (node: Node): Asked | undefined {
  const name = String(node.path[0])
  return times.includes(name) ? undefined : { field: name, column: name }
}

function attributeOf (node: Node): Asked | undefined {
  const name = nameOf(node)
  return name === undefined || node.value === null ? undefined : { field: queryNameOf(name), column: name }
}
