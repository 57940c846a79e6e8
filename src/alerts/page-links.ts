import type { AlertMessage } from './channels/channel.ts'
import type { Content } from './outbox/rows.ts'

/** Addresses of the page in a message. */
export type MessageLinks = Pick<AlertMessage, 'url' | 'logsUrl'>

/** Writes addresses of the page, with the parameters of web/app/view/view.ts. */
export class PageLinks {
  readonly #root: string | undefined

  /** `publicUrl`: address of the server, with its prefix; undefined: it is not known, and nothing is linked. */
  constructor (publicUrl: string | undefined) {
    this.#root = publicUrl?.replace(/\/+$/, '')
  }

  /** Links a message to its group of errors, and to what happened around its last log. */
  of ({ groupKey, samples }: Content): MessageLinks {
    if (this.#root === undefined) return { url: null, logsUrl: null }
    const page = `${this.#root}/`
    const log = samples.at(-1)?.id
    const logsUrl = log === undefined ? null : `${page}?from=&log=${log}`
    return { url: groupKey === undefined ? logsUrl ?? page : `${page}?v=errors&open=${groupKey}`, logsUrl }
  }
}
