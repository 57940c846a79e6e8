import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loggerbot, serve } from '../helpers/command.ts'
import { environmentOf, openKnex, startMariadb, temporaryFolder } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'

t.test('LOGGER_DB_SSL', async (t) => {
  const folder = temporaryFolder(t)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr')
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost')
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'server.pem')

  const { access } = await startMariadb(t, { flags: [`--ssl-cert=${join(folder, 'server.pem')}`, `--ssl-key=${join(folder, 'server.key')}`] })
  const admin = openKnex(t, { ...access, database: '' })
  await admin.raw('CREATE DATABASE loggerbot')
  await admin.raw("CREATE USER 'tls'@'%' IDENTIFIED BY 'secret' REQUIRE SSL")
  await admin.raw("GRANT ALL ON loggerbot.* TO 'tls'@'%'")
  const env = environmentOf({ host: 'localhost', port: access.port, user: 'tls', password: 'secret', database: 'loggerbot' })

  await t.test('reaches a server that wants TLS, by the authority that is named', async (t) => {
    const served = await serve(t, ['--migrate'], { env: { ...env, LOGGER_DB_SSL: join(folder, 'ca.pem') } })
    t.match(await http(served.port, 'GET', '/readyz'), { status: 200 })
  })

  const refused: Record<string, Record<string, string>> = {
    'an authority that the system does not know': { LOGGER_DB_SSL: 'true' },
    'a file that is not there': { LOGGER_DB_SSL: join(folder, 'none.pem') }
  }
  for (const [what, settings] of Object.entries(refused)) {
    await t.test(`refuses ${what}, in one line`, async (t) => {
      const { code, stderr } = await loggerbot(['serve', '--port=0'], { env: { ...env, ...settings } })
      t.equal(code, 1)
      t.match(stderr, /^loggerbot: LOGGER_DB_SSL: .*\n$/)
    })
  }
})
