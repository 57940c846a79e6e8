import type { Command } from 'commander'
import type { Context } from './context.ts'

/** Makes an action of a function that gets the context, the arguments and the flags. */
export type Run = <Args extends unknown[]>(
  work: (context: Context, ...args: Args) => Promise<void>
) => (this: Command, ...args: Args) => Promise<void>

interface Definition {
  summary: string
  /** Added to the summary in the command's own help. */
  details?: string
  /** Arguments: `NAME DAYS`, or `[QUERY]` for any number of words. */
  usage?: string
}

export function define (parent: Command, name: string, { summary, details, usage = '' }: Definition): Command {
  const command = parent.command(name)
    .summary(summary)
    .description(details === undefined ? summary : `${summary}\n\n${details}`)
    .usage(`${usage} [flags]`.trimStart())
  for (const argument of usage.split(' ').filter((word) => word !== '')) {
    if (argument.startsWith('[')) command.argument(argument.replace(']', '...]'))
    else command.argument(`<${argument}>`)
  }
  return command
}
