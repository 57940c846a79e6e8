import type { Settings } from '../../config.ts'
import { CommandError, UsageError } from '../../errors.ts'

const addressRule = 'must be mysql://user:password@host:port/name or sqlite:FILE'

/** The settings with the database at an address. `name` is that of the flag or argument. Throws UsageError. */
export function settingsAt (address: string, settings: Settings, name: string): Settings {
  const none = { ...settings, LOGGER_DB_HOST: '', LOGGER_DB_USER: '' }
  const [, file] = /^sqlite:(.+)$/.exec(address) ?? []
  if (file !== undefined) return { ...none, LOGGER_DB_FILE: file }
  try {
    const { protocol, hostname, port, username, password, pathname } = new URL(address)
    const database = decodeURIComponent(pathname.slice(1))
    const isValid = /^(mysql|mariadb):$/.test(protocol) && hostname !== '' && /^[\w$-]{1,64}$/.test(database)
    if (!isValid) throw new UsageError(`${name} ${addressRule}`)
    return {
      ...settings,
      LOGGER_DB_HOST: hostname.replace(/^\[|\]$/g, ''),
      LOGGER_DB_PORT: port === '' ? 3306 : Number(port),
      LOGGER_DB_USER: decodeURIComponent(username),
      LOGGER_DB_PASSWORD: password === '' ? settings.LOGGER_DB_PASSWORD : decodeURIComponent(password),
      LOGGER_DB_NAME: database
    }
  } catch {
    throw new UsageError(`${name} ${addressRule}`)
  }
}

/** Names the address in an error of its database, in place of the settings that another database has. */
export async function explainAt<T> (name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new CommandError(`${name}: ${error.message.replace(/^LOGGER_[^:]*: /, '')}`)
  }
}
