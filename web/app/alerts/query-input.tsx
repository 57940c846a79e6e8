import { useComputed, useSignal } from '@preact/signals'
import { explain } from '../api/explain.ts'
import { Labelled, type Refusal } from '../frame/form.tsx'
import { Highlight } from '../query/highlight.tsx'
import { parse } from '../query/parse.ts'

/** A query in a form, in its colours; once it is left, what is wrong with it is said at its place. */
export function QueryInput ({ label, query, refusal, placeholder }: {
  label: string, query: string, refusal: Refusal | undefined, placeholder: string
}) {
  const name = 'settings.query'
  const typed = useSignal(query)
  const isLeft = useSignal(true)
  const problem = useComputed(() => {
    const parsed = parse(typed.value)
    return isLeft.value && 'problem' in parsed ? parsed.problem : undefined
  })
  const found = problem.value ? { field: name, text: explain(problem.value) } : refusal
  return (
    <Labelled name={name} label={label} refusal={found}>
      {(named) => (
        <span class='query-field'>
          <span class='query-box'>
            <Highlight query={typed.value} wrongAt={problem.value?.fault?.at} />
            <textarea
              {...named}
              class='query-text'
              rows={1}
              placeholder={placeholder}
              value={typed.value}
              spellcheck={false}
              autocomplete='off'
              autocapitalize='off'
              onFocus={() => { isLeft.value = false }}
              onBlur={() => { isLeft.value = true }}
              onInput={({ currentTarget }) => { typed.value = currentTarget.value }}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
                event.preventDefault()
                event.currentTarget.form?.requestSubmit()
              }}
            />
          </span>
        </span>
      )}
    </Labelled>
  )
}
