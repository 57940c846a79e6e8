import { databaseOptions } from '../config.ts'
import { decodeAgain, isDecodable } from '../decode/replay.ts'
import { BadRequest, CommandError } from '../errors.ts'
import { printableJson } from '../query/format.ts'
import type { LogRecord } from '../model/record.ts'
import { deadLettersOf, replayDeadLetter, type DeadLetter } from '../store/dead-letters.ts'
import { logStoreOf } from '../store/log-store.ts'
import type { Command } from './command.ts'
import { withTables } from './database.ts'

/** Lists what was accepted but could not be stored as a log. */
export const deadLettersList: Command = {
  summary: 'list what was accepted but could not be stored as a log',
  details: 'The oldest first, one JSON object a line: id, userId, createdAt (UTC), source, reason, record.',

  async run (settings, { print }) {
    await withTables(settings, async (knex) => {
      for await (const letter of all(deadLettersOf(knex))) print(printableJson(JSON.stringify(letter)))
    })
  }
}

/** Stores them after all, once what the database refused is mended. */
export const deadLettersReplay: Command = {
  summary: 'store them after all, once the reason is mended',
  details: 'What is refused still stays. What the spool lost to a damaged disk, and records that were too long to keep whole, can\'t be replayed.',

  async run (settings, { print }) {
    await withTables(settings, async (knex) => {
      const store = logStoreOf(knex, databaseOptions(settings))
      const letters = deadLettersOf(knex)
      let replayed = 0
      let left = 0
      try {
        for await (const letter of all(letters)) {
          if (await replay(letter)) replayed++
          else left++
        }
      } finally {
        await store.close()
      }
      print(`${replayed} stored, ${left} left`)

      async function replay (letter: DeadLetter): Promise<boolean> {
        const { source, record, recordSha256, createdAt } = letter
        const isCut = recordSha256 !== null
        if (isCut || (source !== 'database' && !isDecodable(source))) return false
        try {
          const records = source === 'database' ? [JSON.parse(record) as LogRecord] : decodeAgain(source, record, createdAt)
          await replayDeadLetter(knex, store, letter, records)
          return true
        } catch (error) {
          if (!(error instanceof BadRequest) && store.classify(error) !== 'refused') throw error
          return false
        }
      }
    })
  }
}

/** Forgets one of them. */
export const deadLettersDelete: Command = {
  summary: 'forget one of them',
  positionals: ['ID'],

  async run (settings, { positionals: [id], print }) {
    await withTables(settings, async (knex) => {
      if (!/^\d{1,20}$/.test(id!) || !await deadLettersOf(knex).delete(id!)) throw new CommandError(`there is no dead letter ${id}`)
      print(`dead letter ${id} is deleted`)
    })
  }
}

async function * all (letters: ReturnType<typeof deadLettersOf>): AsyncGenerator<DeadLetter> {
  let page = await letters.list()
  while (page.length > 0) {
    yield * page
    page = await letters.list({ after: page.at(-1)!.id })
  }
}
