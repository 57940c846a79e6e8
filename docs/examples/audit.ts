/**
 * An app with an audit trail in its own database: an audit line exists if and only if its order does.
 * Run it in a checkout:
 *
 *   node --import tsx docs/examples/audit.ts
 *   curl http://127.0.0.1:3000/orders -H 'Content-Type: application/json' -d '{"item": "book", "amount": 2}'
 */
import Fastify from 'fastify'
import { db, newRecord, writer, type DatabaseOptions } from 'loggerbot-server'

const database: DatabaseOptions = process.env.SHOP_DATABASE
  ? JSON.parse(process.env.SHOP_DATABASE)
  : { file: 'data/shop.sqlite' }
/** The `user_id` of the audit trail. */
const userId = 1

const app = Fastify()
await app.register(db, { database, migrate: true })
await app.register(writer)

const knex = app.logDb
if (!await knex.schema.hasTable('orders')) {
  await knex.schema.createTable('orders', (table) => {
    table.increments()
    table.string('item').notNullable()
    table.integer('amount').notNullable()
  })
}

const body = {
  type: 'object',
  properties: { item: { type: 'string' }, amount: { type: 'integer', minimum: 1 } },
  required: ['item', 'amount'],
  additionalProperties: false
}

app.post<{ Body: { item: string, amount: number } }>('/orders', { schema: { body } }, async ({ body: order }, reply) => {
  const id = await knex.transaction(async (transaction) => {
    const [id] = await transaction('orders').insert(order)
    const line = newRecord({
      processName: 'shop',
      description: 'audit',
      message: `order ${id} was placed`,
      attributes: { id, ...order }
    })
    await app.writeLogs({ userId, records: [line] }, { knex: transaction })
    // An error from here on rolls back both.
    if (order.amount > 10) throw Object.assign(new Error('not enough in stock'), { statusCode: 409 })
    return id
  })
  return reply.code(201).send({ id })
})

console.log(`listens on ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { app.close().catch(console.error) })
