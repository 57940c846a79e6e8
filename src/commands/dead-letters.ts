import { databaseOptions } from '../config.ts'
import { decodeAgain, isDecodable } from '../decode/replay.ts'
import { BadRequest, CommandError } from '../errors.ts'
import type { LogRecord } from '../model/record.ts'
import { printableJson } from '../query/format.ts'
import { deadLettersOf, replayDeadLetter, type DeadLetter } from '../store/dead-letters.ts'
import { logStoreOf } from '../store/log-store.ts'
import type { Context } from './context.ts'
import { withTables, type Knex } from './database.ts'

/** Lists the dead letters. */
export async function listDeadLetters ({ settings, print }: Context): Promise<void> {
  await withTables(settings, async (knex) => {
    for await (const letter of readAll(knex)) print(printableJson(JSON.stringify(letter)))
  })
}

/** Stores the dead letters that the database accepts by now. */
export async function replayDeadLetters ({ settings, print }: Context): Promise<void> {
  await withTables(settings, async (knex) => {
    const store = logStoreOf(knex, databaseOptions(settings))
    let stored = 0
    let left = 0
    try {
      for await (const letter of readAll(knex)) {
        if (await replay(letter)) stored++
        else left++
      }
    } finally {
      await store.close()
    }
    print(`${stored} stored, ${left} left`)

    async function replay (letter: DeadLetter): Promise<boolean> {
      if (!isReplayable(letter)) return false
      try {
        await replayDeadLetter(knex, store, letter, recordsOf(letter))
        return true
      } catch (error) {
        if (!(error instanceof BadRequest) && store.classify(error) !== 'refused') throw error
        return false
      }
    }
  })
}

/** Deletes a dead letter. */
export async function deleteDeadLetter ({ settings, print }: Context, id: string): Promise<void> {
  await withTables(settings, async (knex) => {
    const isDeleted = /^\d{1,20}$/.test(id) && await deadLettersOf(knex).delete(id)
    if (!isDeleted) throw new CommandError(`there is no dead letter ${id}`)
    print(`dead letter ${id} is deleted`)
  })
}

/** Whether the whole record was kept, and can be decoded again. */
function isReplayable ({ source, recordSha256 }: DeadLetter): boolean {
  const isCut = recordSha256 !== null
  return !isCut && (source === 'database' || isDecodable(source))
}

function recordsOf ({ source, record, createdAt }: DeadLetter): LogRecord[] {
  return source === 'database' ? [JSON.parse(record)] : decodeAgain(source, record, createdAt)
}

async function * readAll (knex: Knex): AsyncGenerator<DeadLetter> {
  const letters = deadLettersOf(knex)
  let page = await letters.list()
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield * page
    page = await letters.list({ after: last.id })
  }
}
