// The service embedded with a knex of the host's own: its rows go as text, as on a MySQL.
import Fastify from 'fastify'
import { loggerbot } from '../../dist/src/index.js'
import { databaseOptions, readSettings } from '../../dist/src/config.js'
import { connect } from '../../dist/src/store/connect.js'

const app = Fastify()
const knex = connect(databaseOptions(await readSettings()))
app.addHook('onClose', () => knex.destroy())
app.register(loggerbot, { knex })
process.once('SIGTERM', () => app.close())
console.log(`listens on  ${await app.listen({ port: 0, host: '127.0.0.1' })} `)
