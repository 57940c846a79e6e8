import type { ComponentChild } from 'preact'
import { shown } from '../redact/shown.ts'
import { hasEscapes, styledPartsOf } from './ansi.ts'
import { partsOf } from './printable.ts'

export interface ValueProps {
  text: string
  /** Name of the attribute whose value it is. */
  name?: string
}

/** A text of strangers: inert, isolated from the direction of what surrounds it, with its colours, or masked. */
export function Value ({ text, name }: ValueProps) {
  const seen = shown(text, name)
  if (!hasEscapes(seen)) return <bdi translate={false}>{plain(seen)}</bdi>
  return (
    <bdi translate={false}>
      {styledPartsOf(seen).map(({ text, classes }, index) => <span key={index} class={classes}>{plain(text)}</span>)}
    </bdi>
  )
}

/** No component: each cell of a row in view has one text or more. */
function plain (text: string): ComponentChild[] {
  return partsOf(text).map(({ text, isChip }, index) => isChip ? <span key={index} class='chip'>{text}</span> : text)
}
