// An export whose texts are masked as they come, in the browser: the server sends, and keeps, what was stored.
import { redactPlain, redactValue, type Rules } from './redact.ts'

export type Format = 'ndjson' | 'csv' | 'text'

/** Masks an export. It is held as a file of the browser, not in memory. */
export function maskedFile (response: Response, format: Format, rules: Rules): Promise<Blob> {
  if (!response.body) return Promise.resolve(new Blob())
  const masked = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TransformStream(new Records(format, rules)))
    .pipeThrough(new TextEncoderStream())
  return new Response(masked).blob()
}

/** Cuts an export into records, which may have several lines in CSV, and masks each. */
class Records implements Transformer<string, string> {
  readonly #format: Format
  readonly #rules: Rules
  /** What has come of the line that is under way. */
  #rest = ''
  /** Lines of a record within whose quotes a line ended. */
  #record = ''
  #isQuoted = false

  constructor (format: Format, rules: Rules) {
    this.#format = format
    this.#rules = rules
  }

  transform (part: string, controller: TransformStreamDefaultController<string>): void {
    const lines = (this.#rest + part).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      this.#record += line
      if (this.#format === 'csv' && line.split('"').length % 2 === 0) this.#isQuoted = !this.#isQuoted
      if (this.#isQuoted) {
        this.#record += '\n'
        continue
      }
      controller.enqueue(`${this.#mask(this.#record)}\n`)
      this.#record = ''
    }
  }

  flush (controller: TransformStreamDefaultController<string>): void {
    const last = this.#record + this.#rest
    if (last !== '') controller.enqueue(this.#mask(last))
  }

  #mask (record: string): string {
    if (this.#format === 'ndjson') return JSON.stringify(redactValue(JSON.parse(record), this.#rules))
    return this.#format === 'csv' ? maskCells(record, this.#rules) : redactPlain(record, this.#rules)
  }
}

/** Masks the values of a record of CSV (RFC 4180), in quotes or not. */
function maskCells (record: string, rules: Rules): string {
  return record.replaceAll(/"((?:[^"]|"")*)"|[^,"\r]+/g, (cell, quoted: string | undefined) => (
    quoted === undefined
      ? redactPlain(cell, rules)
      : `"${redactPlain(quoted.replaceAll('""', '"'), rules).replaceAll('"', '""')}"`
  ))
}
