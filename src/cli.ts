import { CommanderError } from 'commander'
import { hasColors } from './commands/colors.ts'
import type { Streams } from './commands/context.ts'
import { createProgram } from './commands/program.ts'
import { homeOf, readSettings, sourceOf, type Environment, type GivenSettings } from './config.ts'
import { CommandError, describeFailure, explainFailure, Interrupted, UsageError } from './errors.ts'
import { printableLine, printableLines } from './query/format.ts'

/**
 * Runs one command line; resolves to the exit code.
 * 0: done, 2: a wrong call, 130: interrupted, 1: any other failure, which is one line on standard error. A server that
 * `serve` started runs on until a signal ends the process.
 */
export async function main (args: string[], streams: Streams, env: Environment): Promise<number> {
  const write = (text: string): void => { streams.stdout.write(printableLines(text)) }
  const print = (line: string): void => write(`${line}\n`)
  const warn = (line: string): void => { streams.stderr.write(`loggerbot: ${printableLine(line)}\n`) }
  const program = createProgram({
    write,
    openContext ({ values, names }) {
      const given: GivenSettings =
        Object.fromEntries(Object.entries(values).map(([flag, value]) => [names[flag], value]))
      return {
        settings: readSettings(given, env),
        flags: values,
        home: homeOf(env),
        sourceOf: (name) => sourceOf(name, given, env),
        streams,
        hasColors: hasColors(streams.stdout, env),
        print,
        warn
      }
    }
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return report(error)
  }

  function report (error: unknown): number {
    if (error instanceof CommanderError) return error.exitCode
    if (error instanceof Interrupted) return 130
    if (error instanceof UsageError || error instanceof CommandError) {
      warn(error.message)
      return error instanceof UsageError ? 2 : 1
    }
    warn(explainFailure(error))
    const isDebugging = /^(debug|trace)$/.test(env.LOGGER_LOG_LEVEL ?? '')
    if (isDebugging) streams.stderr.write(`${printableLines(describeFailure(error).frames ?? '')}\n`)
    return 1
  }
}
