import snappy from 'snappyjs'
import { encodeBytes, encodeInteger } from '../src/decode/protobuf.ts'
import type { CorpusLog, CorpusRequest } from './corpus.ts'

/** How a protocol's clients send what a process logged. */
export interface Protocol {
  path: string
  contentType: string
  body: (request: CorpusRequest, now: Date) => Buffer
}

const names: Record<number, string> = { 10: 'debug', 20: 'info', 30: 'warning', 40: 'error', 50: 'critical' }
const severityNumbers: Record<string, number> = { debug: 5, info: 9, warning: 13, error: 17, critical: 21 }

const levelOf = ({ level }: CorpusLog): string => typeof level === 'number' ? names[level]! : level
const timeOf = ({ secondsAgo }: CorpusLog, now: Date): Date => new Date(now.getTime() - 1000 * secondsAgo)
const nanoseconds = (time: Date): string => `${time.getTime()}000000`
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const lines = (values: unknown[]): Buffer => Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''))

const text = (value: string): Buffer => encodeBytes(1, value)
const keyValue = (key: string, value: Buffer): Buffer => Buffer.concat([encodeBytes(1, key), encodeBytes(2, value)])
const attribute = (key: string, value: Record<string, unknown>) => ({ key, value })

function fixed64 (field: number, value: bigint): Buffer {
  const encoded = Buffer.alloc(9)
  encoded[0] = field * 8 + 1
  encoded.writeBigUInt64LE(value, 1)
  return encoded
}

function timestamp (time: Date): Buffer {
  return encodeInteger(1, Math.floor(time.getTime() / 1000))
}

/** What the contract's requests are held against; each body says what the contract's would: time, level, message, process, pid, logger. */
export const protocols: Record<string, Protocol> = {
  'JSON lines': {
    path: '/api/logs',
    contentType: 'application/x-ndjson',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({ level: levelOf(log), time: timeOf(log, now).getTime(), pid, name: processName, msg: log.message, logger: log.description })))
  },
  'OTLP, JSON': {
    path: '/v1/logs',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => bytes({
      resourceLogs: [{
        resource: { attributes: [attribute('service.name', { stringValue: processName }), attribute('process.pid', { intValue: String(pid) })] },
        scopeLogs: [{
          scope: { name: 'bench' },
          logRecords: logs.map((log) => ({ timeUnixNano: nanoseconds(timeOf(log, now)), severityNumber: severityNumbers[levelOf(log)], body: { stringValue: log.message }, attributes: [attribute('logger', { stringValue: log.description })] }))
        }]
      }]
    })
  },
  'OTLP, protobuf': {
    path: '/v1/logs',
    contentType: 'application/x-protobuf',
    body: ({ pid, processName, logs }, now) => encodeBytes(1, Buffer.concat([
      encodeBytes(1, Buffer.concat([encodeBytes(1, keyValue('service.name', text(processName))), encodeBytes(1, keyValue('process.pid', encodeInteger(3, pid)))])),
      encodeBytes(2, Buffer.concat([
        encodeBytes(1, encodeBytes(1, 'bench')),
        ...logs.map((log) => encodeBytes(2, Buffer.concat([
          fixed64(1, BigInt(nanoseconds(timeOf(log, now)))), encodeInteger(2, severityNumbers[levelOf(log)]!), encodeBytes(5, text(log.message)), encodeBytes(6, keyValue('logger', text(log.description)))
        ])))
      ]))
    ]))
  },
  'Loki, JSON': {
    path: '/loki/api/v1/push',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => bytes({
      streams: [{ stream: { service_name: processName, pid: String(pid) }, values: logs.map((log) => [nanoseconds(timeOf(log, now)), log.message, { level: levelOf(log), logger: log.description }]) }]
    })
  },
  'Loki, protobuf': {
    path: '/loki/api/v1/push',
    contentType: 'application/x-protobuf',
    body: ({ pid, processName, logs }, now) => snappy.compress(encodeBytes(1, Buffer.concat([
      encodeBytes(1, `{service_name=${JSON.stringify(processName)},pid="${pid}"}`),
      ...logs.map((log) => encodeBytes(2, Buffer.concat([
        encodeBytes(1, timestamp(timeOf(log, now))), encodeBytes(2, log.message),
        encodeBytes(3, Buffer.concat([encodeBytes(1, 'level'), encodeBytes(2, levelOf(log))])), encodeBytes(3, Buffer.concat([encodeBytes(1, 'logger'), encodeBytes(2, log.description)]))
      ])))
    ])))
  },
  'Elasticsearch _bulk': {
    path: '/_bulk',
    contentType: 'application/x-ndjson',
    body: ({ pid, processName, logs }, now) => lines(logs.flatMap((log) => [
      { create: { _index: 'logs' } },
      { '@timestamp': timeOf(log, now).toISOString(), level: levelOf(log), message: log.message, name: processName, pid, logger: log.description }
    ]))
  },
  'Splunk HEC': {
    path: '/services/collector/event',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({ time: timeOf(log, now).getTime() / 1000, source: processName, event: { message: log.message, severity: levelOf(log), pid, logger: log.description } })))
  },
  GELF: {
    path: '/gelf',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({
      version: '1.1', host: 'bench', short_message: log.message, timestamp: timeOf(log, now).getTime() / 1000, level: { debug: 7, info: 6, warning: 4, error: 3, critical: 2 }[levelOf(log)], _pid: pid, _name: processName, _logger: log.description
    })))
  },
  Datadog: {
    path: '/api/v2/logs',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => bytes(logs.map((log) => ({ message: log.message, status: levelOf(log), service: processName, hostname: 'bench', timestamp: timeOf(log, now).getTime(), pid, logger: log.description })))
  },
  'Seq CLEF': {
    path: '/ingest/clef',
    contentType: 'application/vnd.serilog.clef',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({ '@t': timeOf(log, now).toISOString(), '@l': levelOf(log), '@m': log.message, Application: processName, ProcessId: pid, logger: log.description })))
  }
}
