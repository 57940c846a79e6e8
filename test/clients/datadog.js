import { client, v2 } from '@datadog/datadog-api-client'

const { protocol, host } = new URL(process.env.LOGS_URL)

const configuration = client.createConfiguration({ authMethods: { apiKeyAuth: process.env.LOGS_TOKEN }, serverIndex: 1 })
client.setServerVariables(configuration, { name: host, protocol: protocol.slice(0, -1) })
const logs = new v2.LogsApi(configuration)

const common = { ddsource: 'nodejs', hostname: 'h', service: 'shop' }
await logs.submitLog({
  body: [
    { ...common, message: 'order paid', ddtags: 'env:dev,team:a', additionalProperties: { status: 'debug', order: '7' } },
    { ...common, message: 'Привет 🙂 "quoted"', additionalProperties: { status: 'warn' } }
  ]
})
for (const contentEncoding of ['gzip', 'deflate']) {
  await logs.submitLog({ contentEncoding, ddtags: 'env:prod', body: [{ ...common, message: JSON.stringify({ nested: { deep: [true, null] } }), additionalProperties: { status: 'error' } }] })
}

const stranger = client.createConfiguration({ authMethods: { apiKeyAuth: 'wrong' }, serverIndex: 1 })
client.setServerVariables(stranger, { name: host, protocol: protocol.slice(0, -1) })
await new v2.LogsApi(stranger).submitLog({ body: [{ message: 'lost' }] }).catch((error) => console.log(`${error.code} ${error.body.errors[0].title}`))
