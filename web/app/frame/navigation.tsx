import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import user from 'icon:circle-user'
import masked from 'icon:eye-off'
import { openRules } from '../redact/open.ts'
import { texts } from '../texts/index.ts'
import { Icon } from './icon.tsx'
import { notify } from './notices.tsx'
import { ScreenLink } from './screen-link.tsx'
import { mainScreens } from './screen-names.ts'
import { focusContent } from './screens.tsx'
import { identity } from './session.ts'
import { settings } from './settings.ts'

const menuId = 'user-menu'
const menu = signal<ComponentType<{ onClose (): void }> | undefined>(undefined)

/** The head of the page: its main screens, and a menu of all the rest. */
export function Navigation () {
  const { navigation } = texts.value
  const Menu = menu.value
  return (
    <header class='top'>
      <a
        class='skip'
        href='#content'
        onClick={(event) => {
          // The address is that of the view.
          event.preventDefault()
          focusContent()
        }}
      >
        {navigation.skip}
      </a>
      <strong class='top-name'>LoggerBot</strong>
      <nav aria-label={navigation.label}>
        {mainScreens.map((screen) => <ScreenLink key={screen} screen={screen} />)}
      </nav>
      {settings.value.redaction.isOn && (
        <button type='button' class='top-masked' title={navigation.mask} onClick={openRules}>
          <Icon nodes={masked} /> {navigation.masked}
        </button>
      )}
      <button type='button' class='top-user' title={navigation.more} popovertarget={menuId}>
        <Icon nodes={user} /> <bdi translate={false}>{identity.value?.user}</bdi>
      </button>
      <div id={menuId} popover class='menu' onBeforeToggle={loadMenu}>{Menu && <Menu onClose={closeMenu} />}</div>
    </header>
  )
}

function closeMenu (): void {
  document.getElementById(menuId)?.hidePopover()
}

function loadMenu (): void {
  import('./user-menu.tsx').then(
    ({ UserMenu }) => { menu.value = UserMenu }, () => { notify(texts.value.common.unread) })
}
