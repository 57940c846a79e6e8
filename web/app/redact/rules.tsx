import '../style/help.css'
import { useComputed, useSignal } from '@preact/signals'
import { Dialog } from '../frame/dialog.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { saveSettings, settings, type Settings } from '../frame/settings.ts'
import { kinds } from './kinds.ts'
import { compile, redactorOf } from './redactor.ts'
import { redactTexts } from './texts/index.ts'

/** Characters of all expressions, so that they fit into the settings. */
const maxCharacters = 2000

/** What is masked on the screen: kinds of texts, and expressions of the user's own. */
export function MaskRules ({ onClose }: OverlayProps) {
  const { isOn, kinds: chosen } = settings.value.redaction
  const words = redactTexts.value
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p class='hint'>{words.explain}</p>
      <Switch label={words.isOn} isOn={isOn} onChange={(isOn) => change({ isOn })} />
      <hr />
      {kinds.map((kind) => (
        <Switch
          key={kind}
          label={words.kinds[kind]}
          isOn={chosen.includes(kind)}
          onChange={(isOn) => {
            change({ kinds: kinds.filter((other) => other === kind ? isOn : chosen.includes(other)) })
          }}
        />
      ))}
      <Expressions />
      <Sample />
    </Dialog>
  )
}

function change (changed: Partial<Settings['redaction']>): void {
  saveSettings({ redaction: { ...settings.peek().redaction, ...changed } })
}

function Switch ({ label, isOn, onChange }: { label: string, isOn: boolean, onChange (isOn: boolean): void }) {
  return (
    <label class='choice'>
      <input type='checkbox' checked={isOn} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      {label}
    </label>
  )
}

/** Expressions are kept once all of them run: a rule that does not would leave its texts in sight. */
function Expressions () {
  const typed = useSignal(settings.peek().redaction.expressions.join('\n'))
  const refused = useComputed(() => typed.value.split('\n').findIndex((line) => compile(line) === undefined))
  const words = redactTexts.value
  return (
    <>
      <label class='stacked'>
        {words.expressions}
        <textarea
          rows={3}
          spellcheck={false}
          maxLength={maxCharacters}
          aria-invalid={refused.value >= 0}
          value={typed.value}
          onInput={({ currentTarget }) => {
            typed.value = currentTarget.value
            if (refused.value < 0) change({ expressions: typed.value.split('\n').filter((line) => line !== '') })
          }}
        />
      </label>
      <p class='problem' role='alert'>{refused.value >= 0 && words.refused(refused.value + 1)}</p>
    </>
  )
}

function Sample () {
  const text = useSignal('anna@example.com, 10.1.2.3')
  const masked = useComputed(() => {
    const { kinds, expressions } = settings.value.redaction
    return redactorOf(kinds, expressions)(text.value)
  })
  const words = redactTexts.value
  return (
    <>
      <label class='stacked'>
        {words.sample}
        <input value={text.value} onInput={({ currentTarget }) => { text.value = currentTarget.value }} />
      </label>
      <p>{words.masked}: <output><bdi>{masked.value}</bdi></output></p>
    </>
  )
}
