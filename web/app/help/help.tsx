import '../style/help.css'
import { commands, type Command } from '../frame/commands.ts'
import { Dialog } from '../frame/dialog.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { saveSettings, settings } from '../frame/settings.ts'
import { texts } from '../texts/index.ts'
import { groupOf, groups } from './groups.ts'
import { Keys } from './keys.tsx'
import { helpTexts } from './texts/index.ts'

/** All commands of the screen with their keys, and the switch that turns the keys off. */
export function Help ({ onClose }: OverlayProps) {
  const { help } = helpTexts.value
  const offered = distinct(commands.value)
  return (
    <Dialog title={help.title} onClose={onClose}>
      <label class='choice'>
        <input
          type='checkbox'
          checked={settings.value.keys}
          onChange={(event) => saveSettings({ keys: event.currentTarget.checked })}
        />
        {help.off}
      </label>
      <div class='help'>
        {groups.map((group) => {
          const members = offered.filter(({ name }) => groupOf(name) === group)
          return members.length > 0 && <Group key={group} title={help.groups[group]} members={members} />
        })}
      </div>
    </Dialog>
  )
}

function Group ({ title, members }: { title: string, members: readonly Command[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {members.map(({ name, keys }) => (
          <div key={name}>
            <dt>{texts.value.commands[name]}</dt>
            <dd>{keys.length > 0 ? <Keys keys={keys} /> : helpTexts.value.help.none}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** Of commands that share a name, the last one: it wins where keys are pressed, too. */
export function distinct (offered: readonly Command[]): Command[] {
  return [...new Map(offered.map((command) => [command.name, command])).values()]
}
