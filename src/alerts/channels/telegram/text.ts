// Texts for Telegram as plain text and entities. A text of strangers is in a `code` or `pre` entity, where nothing is
// clickable, and has no character that is invisible or changes the direction of writing.
import { fitted, inert } from '../wording.ts'
import type { Entity, OutgoingText } from './api.ts'

/** Longest text, in UTF-16 units: Telegram takes 4,096 characters. */
export const maxTextUnits = 3500

/** Builds a text of at most a number of UTF-16 units. What does not fit is cut or left out. */
export class TextBuilder {
  readonly #maxUnits: number
  readonly #entities: Entity[] = []
  #text = ''

  constructor (maxUnits: number) {
    this.#maxUnits = Math.min(maxUnits, maxTextUnits)
  }

  /** UTF-16 units that are left. */
  get room (): number {
    return this.#maxUnits - this.#text.length
  }

  /** Adds a text of ours, where it fits whole. */
  own (text: string, type?: 'bold'): this {
    if (text.length > this.room) return this
    if (type) this.#mark({ type, length: text.length })
    this.#text += text
    return this
  }

  /** Adds a text of ours as a link, where it fits whole. */
  link (text: string, url: string): this {
    if (text.length <= this.room) this.#mark({ type: 'text_link', length: text.length, url })
    return this.own(text)
  }

  /** Adds a text of strangers in one line, cut to a number of UTF-16 units. */
  foreign (text: string, maxUnits: number): this {
    return this.#add('code', beginningOf(text, maxUnits).replace(/\s+/g, ' ').trim(), maxUnits)
  }

  /** Adds a text of strangers as a block of lines, cut to a number of UTF-16 units. */
  block (text: string, maxUnits: number): this {
    const lines = beginningOf(text, maxUnits).replaceAll('\t', ' ').replaceAll('\r\n', '\n').trimEnd()
    return this.#add('pre', lines, maxUnits)
  }

  build (): OutgoingText {
    return { text: this.#text, entities: this.#entities }
  }

  #add (type: 'code' | 'pre', text: string, maxUnits: number): this {
    const max = Math.min(maxUnits, this.room)
    if (max < 1) return this
    const shown = fitted(inert(text === '' ? '·' : text), { max })
    this.#mark({ type, length: shown.length })
    this.#text += shown
    return this
  }

  #mark (entity: Omit<Entity, 'offset'>): void {
    this.#entities.push({ ...entity, offset: this.#text.length })
  }
}

/** Enough of a text to fill a number of UTF-16 units, though white space is left out: it may be megabytes long. */
function beginningOf (text: string, maxUnits: number): string {
  return text.slice(0, 4 * maxUnits)
}
