import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Version and description of this package, from a checkout as from a build. */
export const { version, description }: { version: string, description: string } =
  require('loggerbot-server/package.json')
