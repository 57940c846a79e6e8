import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import count from './count.ts'
import facets from './facets.ts'
import fields from './fields.ts'
import histogram from './histogram.ts'
import stats from './stats.ts'
import values from './values.ts'

/** Routes that read many logs for a short answer. */
const counts: FastifyPluginAsyncTypebox = async (app) => {
  for (const route of [count, histogram, values, facets, fields, stats]) await app.register(route)
}

export default counts
