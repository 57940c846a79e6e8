import { useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { ApiError } from './error.ts'

export interface AnswerState<Answer> {
  /** The last answer; undefined until the first one. */
  answer: Answer | undefined
  /** Why there is no newer one. */
  error: ApiError | undefined
  /** Asks again. */
  reload (): void
}

/** Asks the server when a component is first shown, and when it is told to. */
export function useAnswer<Answer> (ask: (signal: AbortSignal) => Promise<Answer>): AnswerState<Answer> {
  const turn = useSignal(0)
  const answer = useSignal<Answer | undefined>(undefined)
  const error = useSignal<ApiError | undefined>(undefined)
  const asked = useRef(ask)
  asked.current = ask
  useSignalEffect(() => {
    void turn.value
    const ended = new AbortController()
    asked.current(ended.signal).then((next) => {
      answer.value = next
      error.value = undefined
    }, (reason: unknown) => {
      if (ended.signal.aborted) return
      if (!(reason instanceof ApiError)) throw reason
      error.value = reason
    })
    return () => ended.abort()
  })
  return { answer: answer.value, error: error.value, reload: () => { turn.value++ } }
}
