// Whether a server may be written, and to which cluster it belongs. Galera, Group Replication and plain servers.
//
// A member that is up, but outside of its group, takes writes and keeps them to itself: it is never fit.
import { codeOf } from '../../../errors.ts'

/** Runs a statement on the session that is judged. */
export type Ask = (sql: string) => Promise<Array<Record<string, unknown>>>

/** What tells one cluster, and one database, from another. */
export interface Identity {
  /** `galera:UUID` or `group:NAME`; undefined for a plain server. */
  cluster: string | undefined
  /** Id in the table `database_id`; undefined before it exists. */
  database: string | undefined
}

export interface Fit extends Identity {
  isFit: true
  /** `Synced`, `PRIMARY`, `writable`: the cluster's own word where there is one. */
  role: string
  /** What could not be checked, and what to do: a sentence. */
  risk?: string
}

export interface Unfit {
  isFit: false
  /** Why it is not used, in a few words. */
  reason: string
  /** The server is up, but no member of its group: what it stores may be thrown away. */
  isOutside: boolean
}

export type Verdict = Fit | Unfit

export function unfit (reason: string, isOutside = false): Unfit {
  return { isFit: false, reason, isOutside }
}

const readOnlyVariables = ['read_only', 'super_read_only', 'innodb_read_only', 'offline_mode']

/** Judges the server behind a session; rejects as `ask` does. */
export async function judge (ask: Ask): Promise<Verdict> {
  const names = [...readOnlyVariables, 'wsrep_on', 'group_replication_group_name', 'performance_schema']
  const variables = await readValues(ask, 'GLOBAL VARIABLES', names)
  const verdict = await judgeMember(ask, variables)
  if (!verdict.isFit) return verdict
  const on = readOnlyVariables.find((name) => !['OFF', '0', undefined].includes(variables.get(name)))
  if (on !== undefined) return unfit(`read-only (${on})`)
  // Before the first migration there is no such table.
  const [row] = await ask('SELECT id FROM database_id').catch((error) => {
    if (codeOf(error)?.startsWith('ER_')) return []
    throw error
  })
  return { ...verdict, database: row === undefined ? undefined : String(row.id) }
}

async function judgeMember (ask: Ask, variables: Map<string, string>): Promise<Verdict> {
  if (variables.get('wsrep_on') === 'ON') return judgeGalera(ask)
  const group = variables.get('group_replication_group_name') ?? ''
  if (group !== '') return judgeGroup(ask, group, variables.get('performance_schema') !== 'OFF')
  return { isFit: true, role: 'writable', cluster: undefined, database: undefined }
}

async function judgeGalera (ask: Ask): Promise<Verdict> {
  const names = [
    'wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state', 'wsrep_local_state_comment', 'wsrep_cluster_state_uuid'
  ]
  const status = await readValues(ask, 'GLOBAL STATUS', names)
  const state = status.get('wsrep_local_state_comment') ?? 'unknown'
  if (status.get('wsrep_ready') !== 'ON') return unfit(`wsrep is not ready (${state})`)
  const part = status.get('wsrep_cluster_status')
  if (part !== 'Primary') return unfit(`outside of the majority of its cluster (${part})`)
  // 4: Synced; 2: Donor, which gives its data to a node that joins.
  if (!['4', '2'].includes(status.get('wsrep_local_state') ?? '')) return unfit(`not synced (${state})`)
  return { isFit: true, role: state, cluster: `galera:${status.get('wsrep_cluster_state_uuid')}`, database: undefined }
}

async function judgeGroup (ask: Ask, group: string, isVisible: boolean): Promise<Verdict> {
  const fit: Fit = { isFit: true, role: 'PRIMARY', cluster: `group:${group}`, database: undefined }
  const unseen = { ...fit, role: 'member, unchecked' }
  if (!isVisible) return { ...unseen, risk: schemaRisk }
  const members = await ask(`SELECT MEMBER_ID = @@server_uuid AS is_own, MEMBER_STATE AS state, MEMBER_ROLE AS role
    FROM performance_schema.replication_group_members`).catch((error) => {
    if (codeOf(error) === 'ER_TABLEACCESS_DENIED_ERROR') return undefined
    throw error
  })
  if (members === undefined) return { ...unseen, risk: grantRisk }
  const own = members.find(({ is_own: isOwn }) => Number(isOwn) === 1)
  const state = own?.state ?? 'OFFLINE'
  if (own === undefined || state !== 'ONLINE') return unfit(`no member of its group (${state})`, state !== 'RECOVERING')
  const unreachable = members.filter(({ state }) => state === 'UNREACHABLE').length
  if (unreachable * 2 >= members.length) return unfit('outside of the majority of its group')
  return own.role === 'PRIMARY' ? fit : unfit(`a ${own.role} of its group`)
}

/** The privilege by which a server's place in its group is checked. */
const groupGrant = 'GRANT SELECT ON performance_schema.replication_group_members'

const grantRisk = 'the login of the database cannot see whether a server belongs to its group, and a server that ' +
  `left it loses what it stores; as an administrator: ${groupGrant} TO the login`
const schemaRisk = 'performance_schema is OFF: nobody can see whether a server belongs to its group, and a server ' +
  'that left it loses what it stores'

async function readValues (ask: Ask, kind: string, names: readonly string[]): Promise<Map<string, string>> {
  const quoted = names.map((name) => `'${name}'`).join(', ')
  const rows = await ask(`SHOW ${kind} WHERE Variable_name IN (${quoted})`)
  return new Map(rows.map(({ Variable_name: name, Value: value }) => [String(name), String(value)]))
}
