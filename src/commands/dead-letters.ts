import { databaseOptions } from '../config.ts'
import { decodeAgain } from '../decode/replay.ts'
import { CommandError } from '../errors.ts'
import { printableJson } from '../query/format.ts'
import { readDeadLetters, replayDeadLetters as replay } from '../store/dead-letter-replay.ts'
import { deadLettersOf } from '../store/dead-letters.ts'
import { logStoreOf } from '../store/log-store.ts'
import { commandLine, type Context } from './context.ts'
import { withTables } from './database.ts'

/** Lists the dead letters. */
export async function listDeadLetters ({ settings, print }: Context): Promise<void> {
  await withTables(settings, async (knex) => {
    for await (const letter of readDeadLetters(knex)) print(printableJson(JSON.stringify(letter)))
  })
}

/** Stores the dead letters that the database accepts by now. */
export async function replayDeadLetters ({ settings, print }: Context): Promise<void> {
  await withTables(settings, async (knex) => {
    const store = logStoreOf(knex, databaseOptions(settings))
    try {
      const tools = { knex, store, decode: decodeAgain }
      const { stored, left } = await replay(tools, { letters: readDeadLetters(knex), by: commandLine, detail: {} })
      print(`${stored} stored, ${left} left`)
    } finally {
      await store.close()
    }
  })
}

/** Deletes a dead letter. */
export async function deleteDeadLetter ({ settings, print }: Context, id: string): Promise<void> {
  await withTables(settings, async (knex) => {
    const entry = { by: commandLine, action: 'dead-letter.delete', detail: { id } }
    const isDeleted = /^\d{1,20}$/.test(id) && await deadLettersOf(knex).delete(id, entry)
    if (!isDeleted) throw new CommandError(`there is no dead letter ${id}`)
    print(`dead letter ${id} is deleted`)
  })
}
