// The commands `loggerbot rules`.
import type { Command } from 'commander'
import { ruleKinds } from '../../alerts/rules/rule.ts'
import { define, type Run } from '../define.ts'
import type { AddOptions, ChangeOptions } from './write.ts'

const length = 'a length of time like 30s, 5m or 1h'

export function defineRules (rules: Command, run: Run): void {
  define(rules, 'list', { summary: 'list the rules of a user', usage: 'USER' })
    .option('--json', 'print one JSON object per line')
    .action(run(async (context, user: string, options: { json?: boolean }) =>
      (await import('./read.ts')).listRules(context, user, options)))

  define(rules, 'show', { summary: 'print a rule, its state and its last alerts, as JSON', usage: 'USER NAME' })
    .action(run(async (context, user: string, name: string) =>
      (await import('./read.ts')).showRule(context, user, name)))

  withSettings(define(rules, 'add', {
    summary: 'add a rule of alerts: loggerbot rules add alice backup silence --query done --every 1d',
    details: `KIND is ${ruleKinds.join(', ')}; docs/alerts.md says what each one needs.`,
    usage: 'USER NAME KIND'
  })).action(run(async (context, ...[user, name, kind, options]: [string, string, string, AddOptions]) =>
    (await import('./write.ts')).addRule(context, { user, name, kind }, options)))

  withSettings(define(rules, 'change', {
    summary: 'change what the flags say of a rule; with other settings it forgets what it saw',
    usage: 'USER NAME'
  }))
    .option('--rename <name>', 'another name')
    .option('--enabled', 'run the rule again')
    .action(run(async (context, user: string, name: string, options: ChangeOptions) =>
      (await import('./write.ts')).changeRule(context, { user, name }, options)))

  define(rules, 'delete', { summary: 'delete a rule', usage: 'USER NAME' })
    .action(run(async (context, user: string, name: string) =>
      (await import('./write.ts')).deleteRule(context, { user, name })))
}

function withSettings (command: Command): Command {
  return command
    .option('--query <query>', 'the logs that it is about (docs/querying.md)')
    .option('--more-than <count>', 'of kind count: the number of logs that is still well')
    .option('--within <time>', `of kind count: ${length}`)
    .option('--by <field>', 'of kinds count and silence: look at each value of this field')
    .option('--every <time>', `of kind silence: logs must come this often; ${length}`)
    .option('--cron <expression>', 'of kind silence: logs must come then; five fields, such as "30 2 * * *"')
    .option('--grace <time>', `of kind silence: how late they may come; ${length}`)
    .option('--zone <zone>', 'time zone of --cron and --quiet, such as Europe/Berlin (default UTC)')
    .option('--channels <names>', 'channels that are told: names with commas between them, or all (default all)')
    .option('--cool-down <time>', 'after an alert, hold what follows for this long (default 5m)')
    .option('--repeat <time>', 'tell an open error again after this long, or 0: never (default 4h)')
    .option('--quiet <hours>', 'hold alerts in these hours, except for critical ones: 22:00-07:00, or none')
    .option('--disabled', 'do not run the rule')
}
