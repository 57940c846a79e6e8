import { addressOf, navigate, view } from '../view/location.ts'
import type { Tab } from '../view/view.ts'
import { alertTexts } from './texts/index.ts'

/** A link to one of the parts of the screen. */
export function TabLink ({ tab }: { tab: Tab }) {
  const shown = view.value.tab === 'new' ? 'rules' : view.value.tab
  const target = { tab, query: '', opened: '' } as const
  return (
    <a
      href={addressOf(target)}
      aria-current={shown === tab ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        navigate(target)
      }}
    >
      {alertTexts.value.tabs[tab]}
    </a>
  )
}
