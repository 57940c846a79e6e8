// The knex command looks for this file first: it lets Node 20 read the TypeScript one.
import 'tsx'

export default (await import('./knexfile.ts')).default
