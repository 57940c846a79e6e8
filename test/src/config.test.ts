import { readFileSync } from 'node:fs'
import t from 'tap'
import { booleanOr, databaseOptions, readSettings, settingsTable, syslogOptions, type SettingName } from '../../src/config.ts'
import { root } from '../helpers/command.ts'

for (const name of Object.keys(process.env)) if (name.startsWith('LOGGER_')) delete process.env[name]

t.test('docs/settings.md says what the server does (npm run docs:settings writes it)', async (t) => {
  const page = readFileSync(`${root}docs/settings.md`, 'utf8')
  const rows = page.split('\n').filter((line) => /^\|\s*`LOGGER_\w+`\s*\|/.test(line)).map((line) => {
    const [name, flag, standard, ...description] = line.trim().slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim())
    const code = (cell = '') => cell.replaceAll('`', '')
    return { name: code(name), flag: code(flag), default: code(standard), description: code(description.join('|')) }
  })
  t.strictSame(rows, settingsTable.map(({ name, flag, default: standard, description }) =>
    ({ name, flag: flag === undefined ? '' : `--${flag}`, default: standard, description })))
})

t.test('databaseOptions', async (t) => {
  const choose = async (flags: Partial<Record<SettingName, string>>) => databaseOptions(await readSettings(flags))

  const mysql = { host: 'localhost', port: 3306, user: '', password: '', database: 'loggerbot', ssl: false, pool: 10, pageCompression: true }
  const choices: Record<string, [flags: Partial<Record<SettingName, string>>, options: unknown]> = {
    'nothing given': [{}, { file: 'data/loggerbot.sqlite' }],
    'a file': [{ LOGGER_DB_FILE: 'x.sqlite' }, { file: 'x.sqlite' }],
    'a port and a name only': [{ LOGGER_DB_PORT: '3307', LOGGER_DB_NAME: 'logs', LOGGER_DB_PASSWORD: 'x' }, { file: 'data/loggerbot.sqlite' }],
    'a login': [{ LOGGER_DB_USER: 'denis' }, { ...mysql, user: 'denis' }],
    'a host': [{ LOGGER_DB_HOST: 'db.example' }, { ...mysql, host: 'db.example' }],
    'a replica': [{ LOGGER_DB_HOST: 'db.example', LOGGER_DB_READ_HOST: 'replica.example:3307' }, { ...mysql, host: 'db.example', readHost: 'replica.example:3307' }],
    'a host beside a file': [{ LOGGER_DB_HOST: 'db.example', LOGGER_DB_FILE: 'x.sqlite' }, { ...mysql, host: 'db.example' }],
    everything: [{
      LOGGER_DB_HOST: '10.0.0.1', LOGGER_DB_PORT: '3307', LOGGER_DB_NAME: 'my-logs$', LOGGER_DB_USER: 'denis', LOGGER_DB_PASSWORD: 'pass word', LOGGER_DB_SSL: '/etc/ca.pem', LOGGER_DB_POOL: '3', LOGGER_DB_PAGE_COMPRESSION: 'false'
    }, { host: '10.0.0.1', port: 3307, user: 'denis', password: 'pass word', database: 'my-logs$', ssl: '/etc/ca.pem', pool: 3, pageCompression: false }],
    'TLS by the system\'s authorities': [{ LOGGER_DB_USER: 'denis', LOGGER_DB_SSL: 'true' }, { ...mysql, user: 'denis', ssl: true }],
    'TLS set to nothing': [{ LOGGER_DB_USER: 'denis', LOGGER_DB_SSL: '' }, { ...mysql, user: 'denis' }]
  }
  for (const [what, [flags, options]] of Object.entries(choices)) {
    await t.test(`with ${what} is ${'file' in (options as object) ? 'SQLite' : 'MySQL'}`, async (t) => t.strictSame(await choose(flags), options))
  }
})

t.test('syslogOptions', async (t) => {
  const choose = async (flags: Partial<Record<SettingName, string>>) => syslogOptions(await readSettings(flags))
  t.equal(await choose({ LOGGER_SYSLOG_USER: 'alice' }), undefined, 'none without a port')
  t.strictSame(await choose({ LOGGER_SYSLOG_PORT: '5514' }), { host: '127.0.0.1', port: 5514 })
  t.strictSame(await choose({ LOGGER_HOST: '0.0.0.0', LOGGER_SYSLOG_TLS_PORT: '6514', LOGGER_SYSLOG_TLS_CERT: 'a', LOGGER_SYSLOG_TLS_KEY: 'b', LOGGER_SYSLOG_USER: 'alice' }),
    { host: '0.0.0.0', port: 0, tls: { port: 6514, cert: 'a', key: 'b' }, user: 'alice' })
  await t.rejects(choose({ LOGGER_SYSLOG_TLS_PORT: '6514', LOGGER_SYSLOG_TLS_CERT: 'a' }), { message: 'LOGGER_SYSLOG_TLS_PORT needs LOGGER_SYSLOG_TLS_CERT and LOGGER_SYSLOG_TLS_KEY' })
})

t.test('readSettings', async (t) => {
  await t.test('gives every default', async (t) => {
    const settings = await readSettings()
    t.strictSame(Object.entries(settings).filter(([name]) => name.startsWith('LOGGER_')).map(([name, value]) => [name, String(value)]).sort(),
      settingsTable.map(({ name, default: standard }) => [name, standard]).sort())
  })

  await t.test('puts a flag before the environment', async (t) => {
    process.env.LOGGER_HOST = 'from.environment'
    process.env.LOGGER_DB_NAME = 'from_environment'
    t.teardown(() => {
      delete process.env.LOGGER_HOST
      delete process.env.LOGGER_DB_NAME
    })
    t.match(await readSettings({ LOGGER_HOST: 'from.flag' }), { LOGGER_HOST: 'from.flag', LOGGER_DB_NAME: 'from_environment' })
  })

  const good: Record<string, Partial<Record<SettingName, string>>> = {
    'the lowest ports': { LOGGER_PORT: '0', LOGGER_DB_PORT: '1' },
    'the highest ports': { LOGGER_PORT: '65535', LOGGER_DB_PORT: '65535' },
    'the smallest body limit': { LOGGER_BODY_LIMIT: '1024' },
    'the largest body limit': { LOGGER_BODY_LIMIT: '16777215' },
    'the longest database name': { LOGGER_DB_NAME: 'a'.repeat(64) },
    'a password of any characters': { LOGGER_DB_PASSWORD: ' #"\'$`é\\ ' }
  }
  for (const [what, flags] of Object.entries(good)) {
    await t.test(`takes ${what} as they are`, async (t) => {
      const settings = await readSettings(flags)
      for (const [name, value] of Object.entries(flags)) t.equal(String(settings[name as SettingName]), value)
    })
  }

  const refused: Partial<Record<SettingName, string[]>> = {
    LOGGER_PORT: ['-1', '65536', 'x', '5000.5', '', 'Infinity'],
    LOGGER_DB_PORT: ['0', '65536', 'x'],
    LOGGER_DB_NAME: ['', 'a b', 'a`b', 'a.b', 'a/b', 'a'.repeat(65)],
    LOGGER_DB_POOL: ['0', '1001', 'many'],
    LOGGER_DB_PAGE_COMPRESSION: ['yes', 'on'],
    LOGGER_DB_FILE: [''],
    LOGGER_BODY_LIMIT: ['1023', '16777216', '8MiB'],
    LOGGER_SYSLOG_PORT: ['-1', '65536', 'x'],
    LOGGER_SYSLOG_TLS_PORT: ['-1', '65536', 'x'],
    LOGGER_LOG_LEVEL: ['loud', '', 'INFO']
  }
  for (const [name, values] of Object.entries(refused) as Array<[SettingName, string[]]>) {
    for (const value of values) {
      await t.test(`refuses ${name}=${value} in one line that names it, its flag and its rule`, async (t) => {
        const { flag, description } = settingsTable.find((setting) => setting.name === name)!
        t.throws(() => readSettings({ [name]: value }), { message: `${name}${flag === undefined ? '' : ` (--${flag})`} is not valid: ${description}` })
      })
    }
  }
})

t.test('booleanOr takes true and false as such, nothing as false, and all else as it is', async (t) => {
  for (const [text, value] of Object.entries({ true: true, false: false, '': false, 'a.pem': 'a.pem', TRUE: 'TRUE' })) t.equal(booleanOr(text), value)
})
