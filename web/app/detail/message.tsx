import { useSignal } from '@preact/signals'
import { Value } from '../list/value.tsx'
import { shown } from '../redact/shown.ts'
import { language, texts } from '../texts/index.ts'
import { piecesOf } from './stack.ts'

/** Characters of a block, which the browser lays out once it is in view. */
const blockCharacters = 65_536
/** Characters of a long message that are shown at first. */
const firstCharacters = 4 * blockCharacters

/** A whole message: frames of libraries are folded, a long one comes in blocks. */
export function WholeMessage ({ text }: { text: string }) {
  // Masked before it is cut into blocks.
  const seen = shown(text)
  return <pre>{seen.length > firstCharacters ? <Blocks text={seen} /> : <Pieces text={seen} />}</pre>
}

function Pieces ({ text }: { text: string }) {
  const opened = useSignal<ReadonlySet<number>>(new Set())
  return (
    <>
      {piecesOf(text).map(({ lines, isFolded }, index) => isFolded && !opened.value.has(index)
        ? (
          <button
            key={index}
            type='button'
            class='folded'
            onClick={() => { opened.value = new Set([...opened.value, index]) }}
          >
            ▸ {texts.value.detail.frames(lines.length)}
          </button>
          )
        : <div key={index}><Value text={lines.join('\n')} isMessage /></div>)}
    </>
  )
}

function Blocks ({ text }: { text: string }) {
  const isWhole = useSignal(false)
  const shown = isWhole.value ? text.length : firstCharacters
  const size = new Intl.NumberFormat(language.value).format(text.length)
  const blocks = blocksOf(text.slice(0, shown))
  return (
    <>
      {blocks.map((block, index) => <div key={index} class='block'><Value text={block} isMessage /></div>)}
      {!isWhole.value && (
        <button type='button' class='folded' onClick={() => { isWhole.value = true }}>
          {texts.value.detail.showAll(size)}
        </button>
      )}
    </>
  )
}

/** A text in blocks; none begins within a character. */
function blocksOf (text: string): string[] {
  const blocks: string[] = []
  for (let start = 0; start < text.length;) {
    const end = Math.min(start + blockCharacters, text.length)
    const isSplit = /[\ud800-\udbff]/.test(text.charAt(end - 1)) && end < text.length
    blocks.push(text.slice(start, isSplit ? end + 1 : end))
    start = isSplit ? end + 1 : end
  }
  return blocks
}
