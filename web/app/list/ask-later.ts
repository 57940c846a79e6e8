import { notify } from '../frame/notices.tsx'
import type { Refinement } from '../query/refine.ts'
import { texts } from '../texts/index.ts'

/** As `ask`, whose code is read when somebody first asks: the first rows do without it. */
export function askLater (field: string, value: string, how: Refinement): void {
  import('./ask.ts').then(
    ({ ask }) => ask(field, value, how), () => { notify(texts.value.common.unread) })
}
