// The service embedded with the host's own knex, which sends rows as text, as on MySQL.
import Fastify from 'fastify'

const build = new URL('../../dist/src/', import.meta.url)
const { loggerbot } = await import(`${build}index.js`)
const { databaseOptions, readSettings } = await import(`${build}config.js`)
const { connect } = await import(`${build}store/connect.js`)

const app = Fastify()
const knex = connect(databaseOptions(await readSettings()))
app.addHook('onClose', () => knex.destroy())
app.register(loggerbot, { knex })
process.once('SIGTERM', () => app.close())
console.log(`listens on  ${await app.listen({ port: 0, host: '127.0.0.1' })} `)
