import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { main } from '../../src/cli.ts'

/** The checkout's folder, also for a test in its transpiled copy, where package.json is a link. */
export const root = `${dirname(realpathSync(new URL('../../package.json', import.meta.url)))}/`

export interface CommandOptions {
  /** Added to the environment, without the settings of the service. */
  env?: Record<string, string>
  cwd?: string
  input?: string
}

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a program to its end. */
export async function run (program: string, args: string[], { input = '', ...options }: CommandOptions = {}): Promise<Finished> {
  const child = launch(program, args, options)
  // A program may end without reading its input.
  child.stdin.on('error', () => {}).end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

/** Path of the command line's program. */
export const program = `${root}bin/loggerbot.js`

/** Runs `loggerbot` in its own process to its end. */
export function loggerbotProcess (args: string[], options?: CommandOptions): Promise<Finished> {
  return run(process.execPath, [program, ...args], options)
}

/** Runs `loggerbot` in this process to its end. */
export async function loggerbot (args: string[], { env, input = '' }: Omit<CommandOptions, 'cwd'> = {}): Promise<Finished> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const printed = Promise.all([text(stdout), text(stderr)])
  const code = await main(args, { stdin: Readable.from([input]), stdout, stderr, log: stdout }, { ...cleanEnvironment(), ...env })
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, stdout: out, stderr: err }
}

/** A server in its own process. */
export interface Served {
  child: ChildProcess
  port: number
  /** Output so far. */
  stdout: () => string
  stderr: () => string
  /** Resolves to the exit code once it ended. */
  ended: Promise<number | null>
}

/** Starts a server and waits until it prints its address. It is killed when the test ends. */
export async function startServed (t: Test, program: string, args: string[], options?: CommandOptions): Promise<Served> {
  const child = launch(program, args, options)
  child.stdin.end()
  const ended = once(child, 'close').then(([code]) => code as number | null)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })

  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk) => { stderr += chunk })
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk
      const listens = /listens on {2}http:\/\/\S+?:(\d+) /.exec(stdout)
      // The last line of the greeting.
      if (listens && /\n {2}next .*\n/.test(stdout)) resolve(Number(listens[1]))
    })
    ended.then((code) => reject(new Error(`the server ended with ${code}: ${stdout}${stderr}`)), reject)
  })
  return { child, port, stdout: () => stdout, stderr: () => stderr, ended }
}

/** Starts `loggerbot serve` on a free port. */
export function serve (t: Test, args: string[] = [], options?: CommandOptions): Promise<Served> {
  return startServed(t, process.execPath, [program, 'serve', '--port=0', ...args], options)
}

/** The environment without settings, and without tap's NODE_OPTIONS, which load a module of tap. */
function launch (program: string, args: string[], { env = {}, cwd = root }: CommandOptions = {}): ChildProcessWithoutNullStreams {
  const nodeOptions = env.NODE_OPTIONS === undefined ? ['-u', 'NODE_OPTIONS'] : [`NODE_OPTIONS=${env.NODE_OPTIONS}`]
  return spawn('env', [...nodeOptions, program, ...args], { cwd, env: { ...cleanEnvironment(), ...env } })
}

export function cleanEnvironment (): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(LOGGER_|TAP|NODE_OPTIONS|FORCE_COLOR|NO_COLOR)/.test(name)))
}
