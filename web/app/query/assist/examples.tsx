import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import '../../style/query-panel.css'
import { ApiError } from '../../api/error.ts'
import { Dialog } from '../../frame/dialog.tsx'
import type { OverlayProps } from '../../frame/overlay.tsx'
import { Value } from '../../list/value.tsx'
import { language } from '../../texts/index.ts'
import { navigate } from '../../view/location.ts'
import { parse } from '../parse.ts'
import { exampleQueries, type ExampleGroup } from './example-queries.ts'
import { readingOf } from './reading.ts'
import { findFields, findValues } from './sources.ts'
import { assistTexts } from './texts/index.ts'

/** The language by examples, made of what the user's own logs have. A click runs one. */
export function Examples ({ onClose }: OverlayProps) {
  const groups = useSignal<readonly ExampleGroup[]>(exampleQueries([], []))
  useEffect(() => {
    const ended = new AbortController()
    void askOwn(ended.signal).then((own) => { if (own) groups.value = own })
    return () => ended.abort()
  }, [])
  const { examples } = assistTexts.value
  const run = (query: string) => {
    onClose()
    navigate({ query })
  }
  return (
    <Dialog title={examples.title} onClose={onClose}>
      <p class='muted'>{examples.note}</p>
      {groups.value.map(({ name, queries }) => (
        <section key={name} class='examples'>
          <h3>{examples.groups[name]}</h3>
          {queries.map((query) => <Example key={query} query={query} onRun={() => run(query)} />)}
        </section>
      ))}
    </Dialog>
  )
}

function Example ({ query, onRun }: { query: string, onRun (): void }) {
  const parsed = parse(query)
  const { reading } = assistTexts.value
  return (
    <button type='button' class='example' onClick={onRun}>
      <code>{query}</code>
      <span>{'filter' in parsed && <Value text={readingOf(parsed.filter, reading, language.value)} />}</span>
    </button>
  )
}

/** Examples of the user's own fields; undefined where they cannot be had. */
async function askOwn (signal: AbortSignal): Promise<readonly ExampleGroup[] | undefined> {
  try {
    const processes = findValues({ query: '', field: 'process', prefix: '', limit: 2 }, signal)
    return exampleQueries(await findFields(signal), (await processes).values.map(({ value }) => value))
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) return undefined
    throw error
  }
}
