import type { Identity } from '../api/types.ts'
import type { Screen } from '../view/view.ts'

/** Screens in the head of the page. */
export const mainScreens: readonly Screen[] = ['logs', 'errors', 'alerts', 'send']
/** Screens of administrators. */
export const adminScreens: readonly Screen[] = ['users', 'storage', 'dead-letters', 'audit']

/** Whether somebody administers the server here: with a session that a token began, nobody does. */
export function isAdmin (identity: Identity | null | undefined): boolean {
  return identity?.admin === true && identity.scopes.includes('account')
}

/** All screens that a user may see. */
export function screensOf (identity: Identity | null | undefined): readonly Screen[] {
  return [...mainScreens, 'account', ...isAdmin(identity) ? adminScreens : []]
}
