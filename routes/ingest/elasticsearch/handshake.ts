// What clients of Elasticsearch ask before they send, and in between:
//
//   GET, HEAD /                     the version: Beats, Logstash, rsyslog, the official clients of old
//   GET /_license, /_xpack          whether it may be used: Beats, Logstash
//   GET /_cluster/health            Vector
//   GET, HEAD /_cat/health          rsyslog, before each batch after a failure
//   GET /_nodes/http                Logstash with sniffing; no nodes: it stays with the address it has
//   templates, policies, pipelines, data streams, indices, aliases: they are all there, empty, and
//   to put one is acknowledged, for there is nothing to prepare: Beats, Logstash
//   /{index}/_refresh               the bulk helper of the official client for JavaScript, at its end
import type { FastifyPluginAsync } from 'fastify'

const cluster = { name: 'loggerbot', uuid: 'loggerbot-server------' }

const prepared = ['/_index_template/:name', '/_template/:name', '/_component_template/:name', '/_ilm/policy/:name', '/_ingest/pipeline/:name', '/_data_stream/:name', '/_alias/:name']

const handshake: FastifyPluginAsync<{ version: string }> = async (app, { version }) => {
  answer('GET', '/', {
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
  })

  const license = { uid: cluster.uuid, type: 'basic', mode: 'basic', status: 'active' }
  answer('GET', '/_license', { license })
  const feature = { available: true, enabled: true }
  answer('GET', '/_xpack', { build: {}, license, features: { ilm: feature, security: feature } })

  const health = { cluster_name: cluster.name, status: 'green', timed_out: false, number_of_nodes: 1, number_of_data_nodes: 1 }
  answer('GET', '/_cluster/health', health)
  answer('GET', '/_cat/health', [{ cluster: cluster.name, status: 'green' }])
  answer('GET', '/_nodes/http', { _nodes: { total: 0, successful: 0, failed: 0 }, cluster_name: cluster.name, nodes: {} })

  for (const url of prepared) {
    answer('GET', url, {})
    answer('PUT', url, { acknowledged: true })
  }
  answer('HEAD', '/:index', {})
  answer('PUT', '/:index', { acknowledged: true })
  for (const method of ['GET', 'POST']) answer(method, '/:index/_refresh', { _shards: { total: 1, successful: 1, failed: 0 } })

  /** Fastify answers HEAD wherever there is GET. What a client sends along is read and left alone. */
  function answer (method: string, url: string, body: unknown): void {
    const text = JSON.stringify(body)
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

export default handshake
