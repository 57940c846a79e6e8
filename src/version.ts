import { createRequire } from 'node:module'

/** This package's own version and sentence, from a checkout and from a build alike. */
export const { version, description }: { version: string, description: string } = createRequire(import.meta.url)('loggerbot-server/package.json')
