import type { ElasticsearchOptions } from './elasticsearch/index.ts'

export interface IngestOptions {
  /** Maximum size of an unpacked body in bytes; of a stream, of one log. Default 8 MiB. */
  bodyLimit?: number
  /** Origins such as `https://app.example.com`, the pages of which may send logs; `*` means all. Default: none. */
  corsOrigins?: readonly string[]
  /** Elasticsearch's `_bulk`; false turns it off. Default: version 8.17.0, under the prefix only. */
  elasticsearch?: ElasticsearchOptions | false
}
