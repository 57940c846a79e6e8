// Runs the build of `loggerbot`, as in the published package; bin/loggerbot.js may run the sources.
import { existsSync } from 'node:fs'

const build = new URL('../../dist/src/cli.js', import.meta.url)
if (!existsSync(build)) {
  process.stderr.write('bench: there is no build in dist/; make it first: npm run build\n')
  process.exit(1)
}
const { main } = await import(build.href)
await main(process.argv.slice(2), process, process.env)
