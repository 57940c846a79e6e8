// Requests that clients of Elasticsearch make before they send, and in between:
//
//   GET, HEAD /                     the version: Beats, Logstash, rsyslog, older official clients
//   GET /_license, /_xpack          the licence: Beats, Logstash
//   GET /_cluster/health            Vector
//   GET, HEAD /_cat/health          rsyslog, before each batch after a failure
//   GET /_nodes/http                Logstash with sniffing; no nodes: it keeps the address it has
//   templates, policies, pipelines, data streams, indices, aliases: all of them exist, empty, and creating one is
//   acknowledged, because there is nothing to prepare: Beats, Logstash
//   /{index}/_refresh               the bulk helper of the official client for JavaScript, at its end
import type { FastifyPluginAsync } from 'fastify'

const cluster = { name: 'loggerbot', uuid: 'loggerbot-server------' }

const preparedPaths = [
  '/_index_template/:name',
  '/_template/:name',
  '/_component_template/:name',
  '/_ilm/policy/:name',
  '/_ingest/pipeline/:name',
  '/_data_stream/:name',
  '/_alias/:name'
]

/** An answer that is always the same. */
interface FixedAnswer {
  method: string
  url: string
  body: object
}

const handshake: FastifyPluginAsync<{ version: string }> = async (app, { version }) => {
  for (const { method, url, body } of answersOf(version)) {
    const text = JSON.stringify(body)
    // Fastify answers HEAD wherever there is GET. The body of a request is read and ignored.
    app.route({
      method,
      url,
      config: { logAccess: 'write' },
      schema: { hide: true },
      ...method !== 'GET' && { onRequest: app.reserveMemory },
      handler: async (_request, reply) => reply.type('application/json').send(text)
    })
  }
}

function answersOf (version: string): FixedAnswer[] {
  const { name, uuid } = cluster
  const license = { uid: uuid, type: 'basic', mode: 'basic', status: 'active' }
  const feature = { available: true, enabled: true }
  const nodes = { total: 0, successful: 0, failed: 0 }
  const shards = { total: 1, successful: 1, failed: 0 }
  return [
    { method: 'GET', url: '/', body: describeServer(version) },
    { method: 'GET', url: '/_license', body: { license } },
    { method: 'GET', url: '/_xpack', body: { build: {}, license, features: { ilm: feature, security: feature } } },
    { method: 'GET', url: '/_cluster/health', body: health },
    { method: 'GET', url: '/_cat/health', body: [{ cluster: name, status: 'green' }] },
    { method: 'GET', url: '/_nodes/http', body: { _nodes: nodes, cluster_name: name, nodes: {} } },
    ...preparedPaths.flatMap((url) => [
      { method: 'GET', url, body: {} },
      { method: 'PUT', url, body: { acknowledged: true } }
    ]),
    { method: 'HEAD', url: '/:index', body: {} },
    { method: 'PUT', url: '/:index', body: { acknowledged: true } },
    ...['GET', 'POST'].map((method) => ({ method, url: '/:index/_refresh', body: { _shards: shards } }))
  ]
}

const health = {
  cluster_name: cluster.name,
  status: 'green',
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1
}

function describeServer (version: string): object {
  return {
    name: cluster.name,
    cluster_name: cluster.name,
    cluster_uuid: cluster.uuid,
    version: {
      number: version,
      build_flavor: 'default',
      build_type: 'docker',
      build_hash: 'unknown',
      build_date: '2024-12-11T12:08:05.663969764Z',
      build_snapshot: false,
      lucene_version: '9.12.0',
      minimum_wire_compatibility_version: '7.17.0',
      minimum_index_compatibility_version: '7.0.0'
    },
    tagline: 'You Know, for Search'
  }
}

export default handshake
