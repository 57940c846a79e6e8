import { Type, type Static } from '@sinclair/typebox'
import { BadRequest, TooLarge } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import { wordPattern } from '../model/name.ts'
import type { LogRecord, Severity } from '../model/record.ts'
import { stepSize } from './steps.ts'
import { limitAttributes, narrow } from './record/fields.ts'
import { maxLogs } from './limits.ts'
import { levelRule, severityOfName, severityOfPythonNumber } from './severity/index.ts'
import { parseTime, timeRule } from '../model/time.ts'

/** A name, a password or a chat id. Each description in these schemas is the rule that an error quotes. */
export const word = Type.String({
  pattern: wordPattern,
  description: 'one word of 1 to 100 characters'
})

const time = Type.String({ description: timeRule })

const log = Type.Object({
  level: Type.Union([Type.String(), Type.Integer()], { description: levelRule }),
  msg: Type.Unknown({ description: 'the message: a string; any other JSON value is stored as its JSON text' }),
  event_at: time,
  p_description: Type.String({ description: 'a string, which may be empty' })
}, { description: 'an object; fields beside these are kept as attributes' })

/** Body of POST /send_logs, as the published contract gives it. */
export const contractBody = Type.Object({
  data: Type.Object({
    user: word,
    pid: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'a whole number, 0 or more' }),
    p_name: Type.String({ pattern: '\\S', description: 'a string that is not blank' }),
    post_time: time,
    logs: Type.Array(log, { description: 'an array of logs, which may be empty' })
  }, { description: 'an object' })
}, {
  description: 'an object',
  examples: [{
    data: {
      user: 'username',
      pid: 1,
      p_name: 'process name',
      post_time: '2020-05-05T12:22:22+00:00',
      logs: [{
        level: 'error',
        msg: 'log message',
        event_at: '2020-05-05T12:22:22+00:00',
        p_description: 'process_user_description'
      }]
    }
  }]
})

export type ContractBody = Static<typeof contractBody>

/** Decodes a valid body. Throws BadRequest for a level or a time that breaks its rule, which no schema checks. */
export function decodeContract (body: ContractBody): LogRecord[] {
  return [...decodeContractLogs(body)].filter((log) => log !== undefined)
}

const own: ReadonlySet<string> = new Set(['level', 'msg', 'event_at', 'p_description'])

/** As decodeContract, log by log, so that other work gets its turns. Throws TooLarge for too many logs. */
export function * decodeContractLogs ({ data }: ContractBody): Generator<LogRecord | undefined, void, void> {
  if (data.logs.length > maxLogs) throw new TooLarge(`data.logs must hold at most ${maxLogs} logs`)
  const postTime = readTime(data.post_time, 'data.post_time')
  for (const [index, whole] of data.logs.entries()) {
    const log = Object.keys(whole).length > stepSize ? (yield * narrow(whole, own)) as typeof whole : whole
    const { level, msg, event_at: eventAt, p_description: description, ...others } = log
    yield {
      eventAt: eventAt === data.post_time ? postTime : readTime(eventAt, `data.logs[${index}].event_at`),
      postTime,
      severity: readLevel(level, index),
      message: typeof msg === 'string' ? msg : JSON.stringify(msg),
      pid: data.pid,
      processName: data.p_name,
      description,
      attributes: Object.keys(others).length === 0 ? null : limitAttributes(others)
    }
  }
}

function readTime (text: string, field: string): UtcTime {
  const time = parseTime(text)
  if (time === undefined) throw new BadRequest(`${field} must be ${timeRule}`)
  return time
}

function readLevel (level: string | number, index: number): Severity {
  const severity = typeof level === 'string' ? severityOfName(level) : severityOfPythonNumber(level)
  if (severity === undefined) throw new BadRequest(`data.logs[${index}].level must be ${levelRule}`)
  return severity
}
