import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { startServed, type Served } from '../helpers/command.ts'
import { http } from '../helpers/http.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'

/** The program of this checkout. */
export const ownProgram = fileURLToPath(new URL('../../bin/loggerbot.js', import.meta.url))

/** The service in its own process, which can be killed and restarted on the same port and files. */
export class Instance {
  readonly port: number
  /** The program that the next start runs. */
  program: string
  /** How often the process ended unexpectedly. */
  crashes = 0
  readonly #t: Test
  readonly #env: Record<string, string>
  #served: Served | undefined
  #output = ''

  static async start (t: Test, env: Record<string, string>, program = ownProgram): Promise<Instance> {
    const instance = new Instance(t, env, await freePort(), program)
    await instance.start(['--migrate'])
    return instance
  }

  private constructor (t: Test, env: Record<string, string>, port: number, program: string) {
    this.#t = t
    this.#env = env
    this.port = port
    this.program = program
  }

  get pid (): number {
    return this.#served!.child.pid!
  }

  /** Output of all its processes, including its own log. */
  get output (): string {
    return this.#output + (this.#served ? outputOf(this.#served) : '')
  }

  async start (flags: string[] = []): Promise<void> {
    const served = await startServed(this.#t, process.execPath, [this.program, 'serve', `--port=${this.port}`, ...flags], { env: this.#env })
    this.#served = served
    served.ended.then(() => {
      if (this.#served === served) this.crashes++
    }, () => {})
  }

  /** Kills it as the kernel does when memory runs out. */
  async kill (): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Stops it as an operator does; resolves to the exit code. */
  async stop (): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  async #end (signal: NodeJS.Signals): Promise<number | null> {
    const served = this.#served!
    this.#served = undefined
    served.child.kill(signal)
    const code = await served.ended
    this.#output += outputOf(served)
    return code
  }

  /** Value of a metric without labels; undefined if the service has none of that name. */
  async metric (name: string): Promise<number | undefined> {
    return (await this.#metrics(name))[0]
  }

  /** The server of the database that it uses, of several; undefined if it uses none. */
  async activeHost (): Promise<string | undefined> {
    return (await this.#hosts()).find(({ active }) => active)?.name
  }

  /** What it says of one of several servers of the database. */
  async hostState (host: string): Promise<string | undefined> {
    return (await this.#hosts()).find(({ name }) => name === host)?.state
  }

  async #hosts (): Promise<Array<{ name: string, active: boolean, state: string }>> {
    return JSON.parse((await http(this.port, 'GET', '/readyz')).body).hosts
  }

  /** Values of metrics, all of one moment. */
  async #metrics (...names: string[]): Promise<Array<number | undefined>> {
    const { status, body } = await http(this.port, 'GET', '/metrics')
    return names.map((name) => {
      const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(body)?.[1]
      return status === 200 && value !== undefined ? Number(value) : undefined
    })
  }

  /** Resolves when the spool is drained; waits as long as it makes progress. */
  async drained (): Promise<void> {
    let done: number | undefined
    await until('the spool is drained', async () => {
      // Isolating the bad logs of one portion may take minutes: they move on as dead letters.
      const [bytes, drained = 0, dead = 0] = await this.#metrics(
        'loggerbot_spool_bytes', 'loggerbot_drained_logs_total', 'loggerbot_dead_letters_total')
      done = drained + dead
      // A service without a spool has no such metric.
      return bytes === undefined || bytes === 0
    }, { progress: () => done })
  }
}

function outputOf (served: Served): string {
  return served.stdout() + served.stderr()
}
