import copyIcon from 'icon:copy'
import { copy } from '../detail/copy.ts'
import { texts } from '../texts/index.ts'
import { IconButton } from './icon.tsx'
import { notify } from './notices.tsx'

/** A text to be pasted elsewhere, such as a command, with a button that copies it. */
export function Copyable ({ text }: { text: string }) {
  const { common } = texts.value
  return (
    <div class='copyable'>
      <pre translate={false}>{text}</pre>
      <IconButton
        nodes={copyIcon}
        label={common.copy}
        onClick={() => {
          copy(text)
          notify(common.copied)
        }}
      />
    </div>
  )
}
