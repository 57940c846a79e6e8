import { join } from 'node:path'
import type { Peers } from '../model/peers.ts'
import type { RememberedToken } from './keyring.ts'
import { Known, type Line } from './remembered.ts'
import type { RememberedUser } from './users.ts'

/** Users and tokens of one database that are accepted while it is unavailable. */
export interface OutageMemory {
  /** By password, or by the contract's token. */
  users: Known<RememberedUser>
  /** Random tokens. */
  tokens: Known<RememberedToken>
  close (): Promise<void>
}

/** Opens the memory of a folder, with the entries of an earlier one and of the folders of other processes. */
export type OpenMemory = (folder?: string, earlier?: OutageMemory, beside?: readonly string[]) => OutageMemory

/** Returns a function that opens memories; peers follow the changes of the one opened last. */
export function memoryOpener (peers?: Peers): OpenMemory {
  let latest: OutageMemory | undefined
  const tellUser = peers?.openChannel<Line<RememberedUser>>('users', (line) => latest?.users.follow(line))
  const tellToken = peers?.openChannel<Line<RememberedToken>>('tokens', (line) => latest?.tokens.follow(line))

  return (folder, earlier, beside = []) => {
    const fileOf = (name: string) => folder === undefined ? undefined : join(folder, name)
    const filesOf = (name: string) => beside.map((folder) => join(folder, name))
    const users = new Known(fileOf('users'), {
      earlier: earlier?.users, beside: filesOf('users'), onChange: tellUser
    })
    const tokens = new Known(fileOf('tokens'), {
      earlier: earlier?.tokens, beside: filesOf('tokens'), onChange: tellToken
    })
    latest = {
      users,
      tokens,
      async close () {
        await users.close()
        await tokens.close()
      }
    }
    return latest
  }
}
