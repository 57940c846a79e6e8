import type { Test } from 'tap'
import { mustRun } from './checkout.ts'
import { root } from './command.ts'
import { arrived, createToken, createUser, type Arrived, type TestService } from './service.ts'

/** A user for one test, on a service that the tests of all clients share. */
export interface ClientUser {
  port: number
  token: string
  /**
   * Runs a program of `test/clients/` that logs through a third-party client; resolves to its output. The program reads
   * the server's address from `LOGS_URL` (`http://127.0.0.1:PORT`) and the token from `LOGS_TOKEN`. Throws if it fails.
   */
  run (program: string, env?: Record<string, string>): Promise<string>
  /** The user's logs, in the order of the contract. */
  logs (): Promise<Arrived[]>
  deadLetters (): Promise<Array<Record<string, unknown>>>
}

/** Defines a test that runs concurrently with the others. */
export type DefineTest = (name: string, body: (t: Test, user: ClientUser) => Promise<void>) => void

/** Returns a function that defines tests, each with a new user of the service. */
export function withUsers (t: Test, service: TestService): DefineTest {
  const { port, knex } = service
  let users = 0
  return (name, body) => {
    const user = `user${++users}`
    t.test(name, { buffered: true }, async (t) => {
      await createUser(service, user)
      const token = await createToken(service, user)
      const { id } = await knex('users').where('username', user).first()
      const env = { LOGS_URL: `http://127.0.0.1:${port}`, LOGS_TOKEN: token }
      await body(t, {
        port,
        token,
        run (program, more) {
          const [command, ...args] = program.endsWith('.py') ? ['python3', program] : program.endsWith('.sh') ? ['bash', program] : [process.execPath, program]
          return mustRun(command!, args, { cwd: `${root}test/clients`, env: { ...env, ...more } })
        },
        logs: () => arrived(knex, { user_id: id }),
        deadLetters: () => knex('dead_letters').where('user_id', id)
      })
    })
  }
}
