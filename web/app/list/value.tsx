import type { ComponentChild } from 'preact'
import { shown } from '../redact/shown.ts'
import { hasEscapes, styledPartsOf } from './ansi.ts'
import { markedParts } from './marks.ts'
import { partsOf } from './printable.ts'

export interface ValueProps {
  text: string
  /** Name of the attribute whose value it is. */
  name?: string
  /** Whether it is a message, in which words of the query are marked. */
  isMessage?: boolean
}

/** A text of strangers: inert, isolated from the direction of what surrounds it, with its colours, or masked. */
export function Value ({ text, name, isMessage = false }: ValueProps) {
  const seen = shown(text, name)
  const partsIn = isMessage ? marked : plain
  if (!hasEscapes(seen)) return <bdi translate={false}>{partsIn(seen)}</bdi>
  return (
    <bdi translate={false}>
      {styledPartsOf(seen).map(({ text, classes }, index) => <span key={index} class={classes}>{partsIn(text)}</span>)}
    </bdi>
  )
}

function marked (text: string): ComponentChild[] {
  return markedParts(text).map((part, index) => index % 2 === 0 ? plain(part) : <mark key={index}>{plain(part)}</mark>)
}

/** No component: each cell of a row in view has one text or more. */
function plain (text: string): ComponentChild[] {
  return partsOf(text).map(({ text, isChip }, index) => isChip ? <span key={index} class='chip'>{text}</span> : text)
}
