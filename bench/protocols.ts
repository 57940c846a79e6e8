import snappy from 'snappyjs'
import { encodeBytes, encodeInteger } from '../src/decode/protobuf.ts'
import type { CorpusLog, CorpusRequest } from './requests.ts'

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
/** An empty name is not sent. */
const loggerOf = ({ description }: CorpusLog): string | undefined => description || undefined
const nanoseconds = (time: Date): string => `${time.getTime()}000000`
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const lines = (values: unknown[]): Buffer => Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''))

const text = (value: string): Buffer => encodeBytes(1, value)
const keyValue = (key: string, value: Buffer): Buffer => Buffer.concat([encodeBytes(1, key), encodeBytes(2, value)])
const attribute = (key: string, value: Record<string, unknown>) => ({ key, value })

/** Encodes an entry of metadata; nothing for an undefined value. */
function metadata (name: string, value: string | undefined): Buffer {
  return value === undefined ? Buffer.alloc(0) : encodeBytes(3, Buffer.concat([encodeBytes(1, name), encodeBytes(2, value)]))
}

/** Groups logs by logger: OpenTelemetry's SDKs send a scope for each. */
function byLogger (logs: readonly CorpusLog[]): Array<[logger: string, logs: CorpusLog[]]> {
  return [...new Set(logs.map(({ description }) => description))].map((logger) => [logger, logs.filter(({ description }) => description === logger)])
}

function fixed64 (field: number, value: bigint): Buffer {
  const encoded = Buffer.alloc(9)
  encoded[0] = field * 8 + 1
  encoded.writeBigUInt64LE(value, 1)
  return encoded
}

function timestamp (time: Date): Buffer {
  return encodeInteger(1, Math.floor(time.getTime() / 1000))
}

/**
 * Requests to compare with those of the contract: the same record, each part where the protocol's clients put it, and no
 * attributes but those that a protocol always has (GELF's host, Elasticsearch's index).
 */
export const protocols: Record<string, Protocol> = {
  'JSON lines': {
    path: '/api/logs',
    contentType: 'application/x-ndjson',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({ level: levelOf(log), time: timeOf(log, now).getTime(), pid, name: processName, msg: log.message, logger: loggerOf(log) })))
  },
  'OTLP, JSON': {
    path: '/v1/logs',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => bytes({
      resourceLogs: [{
        resource: { attributes: [attribute('service.name', { stringValue: processName }), attribute('process.pid', { intValue: String(pid) })] },
        scopeLogs: byLogger(logs).map(([logger, logs]) => ({
          scope: { name: logger },
          logRecords: logs.map((log) => ({ timeUnixNano: nanoseconds(timeOf(log, now)), severityNumber: severityNumbers[levelOf(log)], body: { stringValue: log.message } }))
        }))
      }]
    })
  },
  'OTLP, protobuf': {
    path: '/v1/logs',
    contentType: 'application/x-protobuf',
    body: ({ pid, processName, logs }, now) => encodeBytes(1, Buffer.concat([
      encodeBytes(1, Buffer.concat([encodeBytes(1, keyValue('service.name', text(processName))), encodeBytes(1, keyValue('process.pid', encodeInteger(3, pid)))])),
      ...byLogger(logs).map(([logger, logs]) => encodeBytes(2, Buffer.concat([
        encodeBytes(1, encodeBytes(1, logger)),
        ...logs.map((log) => encodeBytes(2, Buffer.concat([
          fixed64(1, BigInt(nanoseconds(timeOf(log, now)))), encodeInteger(2, severityNumbers[levelOf(log)]!), encodeBytes(5, text(log.message))
        ])))
      ])))
    ]))
  },
  'Loki, JSON': {
    path: '/loki/api/v1/push',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => bytes({
      streams: [{ stream: { service_name: processName, pid: String(pid) }, values: logs.map((log) => [nanoseconds(timeOf(log, now)), log.message, { level: levelOf(log), logger: loggerOf(log) }]) }]
    })
  },
  'Loki, protobuf': {
    path: '/loki/api/v1/push',
    contentType: 'application/x-protobuf',
    body: ({ pid, processName, logs }, now) => snappy.compress(encodeBytes(1, Buffer.concat([
      encodeBytes(1, `{service_name=${JSON.stringify(processName)},pid="${pid}"}`),
      ...logs.map((log) => encodeBytes(2, Buffer.concat([
        encodeBytes(1, timestamp(timeOf(log, now))), encodeBytes(2, log.message),
        metadata('level', levelOf(log)), metadata('logger', loggerOf(log))
      ])))
    ])))
  },
  'Elasticsearch _bulk': {
    path: '/_bulk',
    contentType: 'application/x-ndjson',
    body: ({ pid, processName, logs }, now) => lines(logs.flatMap((log) => [
      { create: { _index: 'logs' } },
      { '@timestamp': timeOf(log, now).toISOString(), level: levelOf(log), message: log.message, name: processName, pid, logger: loggerOf(log) }
    ]))
  },
  'Splunk HEC': {
    path: '/services/collector/event',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({ time: timeOf(log, now).getTime() / 1000, event: { message: log.message, severity: levelOf(log), name: processName, pid, logger: loggerOf(log) } })))
  },
  GELF: {
    path: '/gelf',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({
      version: '1.1', host: 'bench', short_message: log.message, timestamp: timeOf(log, now).getTime() / 1000, level: { debug: 7, info: 6, warning: 4, error: 3, critical: 2 }[levelOf(log)], _pid: pid, _name: processName, _logger: loggerOf(log)
    })))
  },
  Datadog: {
    path: '/api/v2/logs',
    contentType: 'application/json',
    body: ({ pid, processName, logs }, now) => bytes(logs.map((log) => ({ message: log.message, status: levelOf(log), service: processName, timestamp: timeOf(log, now).getTime(), pid, logger_name: loggerOf(log) })))
  },
  'Seq CLEF': {
    path: '/ingest/clef',
    contentType: 'application/vnd.serilog.clef',
    body: ({ pid, processName, logs }, now) => lines(logs.map((log) => ({ '@t': timeOf(log, now).toISOString(), '@l': levelOf(log), '@m': log.message, Application: processName, ProcessId: pid, SourceContext: loggerOf(log) })))
  }
}
