// The lines that point a logger here. Each was run: they are those of README.md and docs/protocols.md, with the address
// of the page and a token in them.

export interface Target {
  /** Address of the server, with its prefix, without a slash at its end. */
  url: URL
  token: string
}

export interface Logger {
  name: string
  lines: string
  /** It needs the port of syslog, which the operator opens. */
  isSyslog?: true
}

export function loggersOf ({ url, token }: Target): Logger[] {
  const root = url.href.replace(/\/$/, '')
  const path = url.pathname.replace(/\/$/, '')
  return [
    ...programs(root, token),
    {
      name: 'Python logging',
      lines: `import logging, logging.handlers

handler = logging.handlers.HTTPHandler("${url.host}", "${path}/api/logs/python",
    method="POST", credentials=("any", "${token}")${url.protocol === 'https:' ? ', secure=True' : ''})
logging.getLogger().addHandler(handler)
logging.warning("hello")`
    },
    ...shippers({ url, token }, root, path),
    ...clients({ url, token }, root)
  ]
}

function programs (root: string, token: string): Logger[] {
  return [
    {
      name: 'curl',
      lines: `curl -H 'Authorization: Bearer ${token}' \\
  -d '{"msg":"hello"}' ${root}/api/logs`
    },
    {
      name: 'loggerbot send',
      lines: `export LOGGER_SERVER=${root} LOGGER_TOKEN=${token}
tail -F app.log | npx loggerbot send --process app`
    },
    {
      name: 'pino',
      lines: `import pino from 'pino'

const logger = pino({
  transport: {
    target: 'loggerbot-server/pino',
    options: { url: '${root}', token: '${token}' }
  }
})
logger.info({ order: 17 }, 'an order')`
    }
  ]
}

/** Programs that read logs elsewhere and send them on. */
function shippers ({ url, token }: Target, root: string, path: string): Logger[] {
  const { hostname, protocol } = url
  const isSecure = protocol === 'https:'
  const port = url.port === '' ? isSecure ? '443' : '80' : url.port
  return [
    // The driver takes no path.
    ...path === ''
      ? [{
          name: 'Docker',
          lines: `docker run --log-driver splunk --log-opt splunk-url=${root} --log-opt splunk-token=${token} IMAGE`
        }]
      : [],
    {
      name: 'Fluent Bit',
      lines: `[OUTPUT]
    name              http
    match             *
    host              ${hostname}
    port              ${port}
    uri               ${path}/api/logs
    header            Authorization Bearer ${token}
    format            json_lines
    json_date_key     time
    json_date_format  iso8601${isSecure ? '\n    tls               on' : ''}`
    },
    {
      name: 'Vector',
      lines: `[sinks.loggerbot]
type = "http"
inputs = ["YOUR_SOURCE"]
uri = "${root}/api/logs"
encoding.codec = "json"
framing.method = "newline_delimited"
auth.strategy = "bearer"
auth.token = "${token}"`
    },
    {
      name: 'logger',
      isSyslog: true,
      lines: `logger --tcp --octet-count --server ${hostname} --port 5514 --rfc5424 \\
  --sd-id loggerbot@32473 --sd-param 'token="${token}"' --tag backup 'all done'`
    },
    { name: 'rsyslog', isSyslog: true, lines: rsyslogOf(hostname, token) }
  ]
}

function rsyslogOf (hostname: string, token: string): string {
  return `template(name="loggerbot" type="string"
  string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% ` +
    `[loggerbot@32473 token=\\"${token}\\"]%msg:::sp-if-no-1st-sp%%msg%")
action(type="omfwd" target="${hostname}" port="5514" protocol="tcp" template="loggerbot" tcp_framing="octet-counted"
  action.resumeRetryCount="-1" queue.type="linkedList" queue.filename="loggerbot" queue.saveOnShutdown="on")`
}

/** Libraries that speak the protocol of another server. */
function clients ({ url, token }: Target, root: string): Logger[] {
  return [
    {
      name: 'OpenTelemetry',
      lines: `import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'

const exporter = new OTLPLogExporter({
  url: '${root}/v1/logs', headers: { authorization: 'Bearer ${token}' }, compression: 'gzip'
})`
    },
    {
      name: 'Loki',
      lines: `import LokiTransport from 'winston-loki'

const transport = new LokiTransport({ host: '${root}', basicAuth: 'any:${token}', labels: { app: 'shop' } })`
    },
    {
      name: 'Elasticsearch',
      lines: `import { Client } from '@elastic/elasticsearch'

const client = new Client({ node: '${root}/elasticsearch', auth: { apiKey: '${token}' } })
await client.helpers.bulk({ datasource: logs, onDocument: () => ({ create: { _index: 'logs' } }) })`
    },
    {
      name: 'Datadog',
      lines: `import { client, v2 } from '@datadog/datadog-api-client'

const configuration = client.createConfiguration({ authMethods: { apiKeyAuth: '${token}' }, serverIndex: 1 })
client.setServerVariables(configuration, {
  name: '${root.slice(root.indexOf('//') + 2)}', protocol: '${url.protocol.slice(0, -1)}'
})
await new v2.LogsApi(configuration).submitLog({ body: [{ message: 'order paid', service: 'shop' }] })`
    },
    {
      name: 'Seq',
      lines: `import { Logger } from 'seq-logging'

const logger = new Logger({ serverUrl: '${root}', apiKey: '${token}', onError: console.error })
logger.emit({
  timestamp: new Date(), level: 'Information', messageTemplate: 'Order {Order} paid', properties: { Order: 7 }
})`
    },
    {
      name: 'GELF',
      lines: `curl -u 'any:${token}' ${root}/gelf \\
  --json '{"version":"1.1","host":"h","short_message":"hello","level":3}'`
    }
  ]
}
