import type { ElasticsearchOptions } from './elasticsearch/index.ts'

export interface IngestOptions {
  /** The largest body in bytes, unpacked; of a stream, the largest log. Default 8 MiB. */
  bodyLimit?: number
  /** Origins such as `https://app.example.com` whose pages may send logs, `*`: all. Default: none. */
  corsOrigins?: readonly string[]
  /** Elasticsearch's `_bulk`, or false for none of it. Default: version 8.17.0, under the prefix alone. */
  elasticsearch?: ElasticsearchOptions | false
}
