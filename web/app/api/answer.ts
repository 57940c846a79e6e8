import { useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { ApiError } from './error.ts'
import { visible } from './turns.ts'

export interface AnswerState<Answer> {
  /** The last answer; undefined until the first one. */
  answer: Answer | undefined
  /** Why there is no newer one. */
  error: ApiError | undefined
  /** Asks again. */
  reload (): void
}

/** Milliseconds between two looks at what the server changes by itself. */
export const refreshMs = 10_000

export interface AnswerOptions {
  /** Milliseconds after an answer, or after a failure, to the next request, while the page is seen. Default: none. */
  againMs?: number
}

/** Asks the server when a component is first shown, when it is told to, and again after a while. */
export function useAnswer<Answer> (
  ask: (signal: AbortSignal) => Promise<Answer>, { againMs }: AnswerOptions = {}
): AnswerState<Answer> {
  const turn = useSignal(0)
  const answer = useSignal<Answer | undefined>(undefined)
  const error = useSignal<ApiError | undefined>(undefined)
  const asked = useRef(ask)
  asked.current = ask
  useSignalEffect(() => {
    void turn.value
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const askAgain = () => {
      timer = setTimeout(() => {
        void visible(ended.signal).then(() => { if (!ended.signal.aborted) turn.value++ })
      }, againMs)
    }
    void asked.current(ended.signal).then((next) => {
      answer.value = next
      error.value = undefined
    }, (reason: unknown) => {
      if (ended.signal.aborted) return
      if (!(reason instanceof ApiError)) throw reason
      error.value = reason
    }).then(() => { if (againMs !== undefined && !ended.signal.aborted) askAgain() })
    return () => {
      clearTimeout(timer)
      ended.abort()
    }
  })
  return { answer: answer.value, error: error.value, reload: () => { turn.value++ } }
}
