import { mustRun } from './checkout.ts'
import { root } from './command.ts'

/** A server to send to, and with which token. */
export interface Target {
  port: number
  token: string
}

/**
 * Runs a program of `test/clients/` that logs through a third-party client, to its end. It finds the server in
 * `LOGS_URL` (`http://127.0.0.1:PORT`) and the token in `LOGS_TOKEN`. Throws what it said when it failed.
 */
export function runClient (program: string, { port, token }: Target, env: Record<string, string> = {}): Promise<string> {
  const [command, ...args] = program.endsWith('.py') ? ['python3', program] : program.endsWith('.sh') ? ['bash', program] : [process.execPath, program]
  return mustRun(command!, args, { cwd: `${root}test/clients`, env: { LOGS_URL: `http://127.0.0.1:${port}`, LOGS_TOKEN: token, ...env } })
}
