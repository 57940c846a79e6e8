import { partsOf } from './parts.ts'

/** What the text field shows, in colours: it lies over it, letter over letter. */
export function Highlight ({ query, wrongAt }: { query: string, wrongAt: number | undefined }) {
  return (
    <div class='query-layer' aria-hidden='true'>
      {partsOf(query, wrongAt).map(({ text, kind, isWrong }, index) => (
        kind === undefined && !isWrong
          ? text
          : <span key={index} class={`token-${kind ?? 'none'} ${isWrong ? 'is-wrong' : ''}`}>{text}</span>
      ))}
      {/* A line break at the end needs something after it; what is missing at the end is marked there. */}
      <span class={wrongAt !== undefined && wrongAt >= query.length ? 'is-wrong' : ''}>{'\u00a0'}</span>
    </div>
  )
}
