import type { StoredLog } from '../../../model/record.ts'
import { findContext, type Context } from '../../../search/context.ts'
import { reply, type BotContext } from './context.ts'
import { maxTextUnits, TextBuilder } from './text.ts'

/** Logs on each side of the log. */
const neighbours = 5
/** Characters of a log: eleven fit into a message. */
const maxCharacters = 250

/** Sends a log and its neighbours to the private chat of its owner. */
export async function showAround (
  context: BotContext, { chat, userId, log }: { chat: string, userId: number, log: string }
): Promise<void> {
  await reply(context, { chat }, textOf(await readAround(context, userId, log), log))
}

/** Undefined: the log was deleted. Resolves to the reason where there is no turn to read. */
async function readAround (
  { readers, signal }: BotContext, userId: number, id: string
): Promise<Context | 'busy' | undefined> {
  const same = { kind: 'process' as const }
  const side = { logs: neighbours }
  try {
    const release = await readers.acquire('list', userId, signal)
    try {
      return await readers.inTurn('list', userId, signal, (turn) => (
        findContext(turn, { id, userId, same }, { older: side, newer: side }, {
          ms: readers.searchBudgetMs, cut: maxCharacters
        })
      ))
    } finally {
      release()
    }
  } catch {
    return 'busy'
  }
}

function textOf (found: Context | 'busy' | undefined, id: string): TextBuilder {
  const builder = new TextBuilder(maxTextUnits)
  if (found === undefined) return builder.own('The log is not stored any more.')
  if (found === 'busy') return builder.own('The logs cannot be read now: press the button again in a minute.')
  for (const log of found.logs) {
    builder.own(log.id === id ? '→\n' : '').block(lineOf(log), maxCharacters).own('\n')
  }
  return builder
}

function lineOf ({ eventAt, severity, message }: StoredLog): string {
  return `${eventAt.slice(0, 19)} ${severity} ${message}`
}
