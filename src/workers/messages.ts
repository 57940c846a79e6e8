// What the primary and its workers tell each other, over the IPC channel of node:cluster:
//
//   worker → primary   hello → ready, once it serves            primary → worker   begin, as the answer to hello
//                      scrape: wants the metrics of all                            read: wants the worker's metrics
//                      metrics: its own, as asked, or its last ones                text: of all, as asked
//                      channel: for all other workers                              channel: of another worker
//                                                                                  retire: its successor serves
import type { Registry } from 'prom-client'

/** The metrics of a process. */
export type ProcessMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** What a worker must know to begin. */
export interface Role {
  /** Number of workers. */
  count: number
  /** It is the first to start: the others wait for it. */
  isFirst: boolean
  /** It reads the UDP port of syslog. */
  readsDatagrams: boolean
  /** The code of all workers that opens POST /api/setup while there is no user. */
  setupCode: string
}

export interface ChannelMessage {
  kind: 'channel'
  name: string
  message: unknown
}

export type FromWorker =
  | { kind: 'hello' }
  | { kind: 'ready', greeting: string[] }
  | { kind: 'scrape', id: number }
  /** Without an id: the last ones, as the worker ends. */
  | { kind: 'metrics', id?: number, metrics: ProcessMetrics }
  | ChannelMessage

export type ToWorker =
  | { kind: 'begin', role: Role }
  | { kind: 'read', id: number }
  | { kind: 'text', id: number, text: string }
  | { kind: 'retire' }
  | ChannelMessage
