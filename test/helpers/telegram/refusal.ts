/** An answer with `ok: false`. */
export class Refusal extends Error {
  readonly code: number
  readonly parameters: { retry_after?: number, migrate_to_chat_id?: number } | undefined

  constructor (code: number, description: string, parameters?: Refusal['parameters']) {
    super(description)
    this.code = code
    this.parameters = parameters
  }
}

export function badRequest (description: string): Refusal {
  return new Refusal(400, `Bad Request: ${description}`)
}
