import { hasEscapes, styledPartsOf } from './ansi.ts'
import { partsOf } from './printable.ts'

/** A text of strangers: inert, isolated from the direction of what surrounds it, with its colours. */
export function Value ({ text }: { text: string }) {
  if (!hasEscapes(text)) return <bdi translate={false}><Plain text={text} /></bdi>
  return (
    <bdi translate={false}>
      {styledPartsOf(text).map(({ text, classes }, index) => (
        <span key={index} class={classes}><Plain text={text} /></span>
      ))}
    </bdi>
  )
}

function Plain ({ text }: { text: string }) {
  return (
    <>
      {partsOf(text).map(({ text, isChip }, index) => isChip ? <span key={index} class='chip'>{text}</span> : text)}
    </>
  )
}
