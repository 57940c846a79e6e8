// Three real nodes of one cluster on this machine, each with its own address, ports and files: MariaDB with Galera, and MySQL
// with Group Replication. Each node has a network of its own, if asked for, or an address of the loopback interface.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection, type Connection } from 'mysql2/promise'
import { Network, networkMissing, type Owner } from './network.ts'
import { freePort } from './ports.ts'
import { find, mariadb, mysql, type ServerAccess, type ServerKind } from './servers.ts'
import { until } from './until.ts'

const execute = promisify(execFile)

const provider = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera-4/libgalera_smm.so'].find((file) => existsSync(file))

/** Why there can be no Galera cluster here, or false. */
export const galeraMissing = mariadb.missing || (provider === undefined && 'Galera is not installed: apt-get install -y galera-4')

/** Why a node of Galera cannot get the whole state of another one here, or false. */
const backupMissing = find('mariadb-backup') ? false : 'mariadb-backup is not installed: apt-get install -y mariadb-backup'

/** Why there can be no Group Replication here, or false. */
export const groupMissing = mysql.missing

const nodeCount = 3

/** For a node that joins on a slow machine, in ms: it gets everything that it missed, and nothing tells how far it is. */
const joinMs = 600_000

/** How a new node gets the data of its cluster. */
export interface Transfer {
  name: string
  /** Why that is not possible here, or false. */
  missing: string | false
  /** Number of missed transactions from which on a new member of a group gets a clone. */
  cloneFrom?: number
}

interface Renewal {
  /** Data of a server that was never used. */
  template: string
  transfer: Transfer
  run: () => Promise<void>
}

/** How a cluster is made of its nodes. */
export interface Engine {
  kind: ServerKind
  /** Flags of a node, beside those of all; `isFirst`: it starts a new cluster. */
  flags (node: Node, nodes: readonly Node[], isFirst: boolean): Promise<string[]>
  /** Prepares new nodes, which have no data yet, before the cluster begins. */
  prepare (nodes: readonly Node[], run: (node: Node, isFirst?: boolean) => Promise<void>): Promise<void>
  /** The ways in which a new node can get the data. */
  transfers: readonly Transfer[]
  /** Prepares a node without data for a cluster that it joins. */
  renew (node: Node, { template, transfer, run }: Renewal): Promise<void>
  /** Lets a node join that answers. */
  join? (node: Node, isFirst: boolean): Promise<void>
  isMember (node: Node): Promise<boolean>
  /** Whether a node that runs does not try to be a member. */
  hasLeft? (node: Node): Promise<boolean>
  /** Lets a node continue alone that has lost the majority. */
  forceMajority (node: Node): Promise<void>
  /** Resolves to what a node that does not run has stored last; the node with most starts the cluster anew. */
  positionOf (node: Node, run: () => Promise<void>): Promise<number>
}

/** One node, which can be killed, suspended and started again. */
export class Node {
  readonly access: ServerAccess
  readonly folder: string
  /** Port for the traffic of the cluster. */
  readonly groupPort: number
  readonly number: number
  readonly network: Network | undefined
  process: ChildProcess | undefined

  static async create (number: number, folder: string, network: Network | undefined): Promise<Node> {
    mkdirSync(folder, { recursive: true })
    return new Node({ number, folder, network, port: await freePort(), groupPort: await freePort() })
  }

  private constructor ({ number, folder, network, port, groupPort }: Pick<Node, 'number' | 'folder' | 'network' | 'groupPort'> & { port: number }) {
    this.number = number
    this.folder = folder
    this.network = network
    this.groupPort = groupPort
    const host = network?.hostOf(number) ?? `127.0.0.${number + 1}`
    this.access = { host, port, user: 'root', password: '' }
  }

  get data (): string {
    return join(this.folder, 'data')
  }

  get log (): string {
    return join(this.folder, 'error.log')
  }

  get groupAddress (): string {
    return `${this.access.host}:${this.groupPort}`
  }

  /** What its log says last. */
  get failure (): Error {
    return new Error(`node ${this.number} ended: ${readFileSync(this.log, 'utf8').slice(-3000)}`)
  }

  /** As `LOGGER_DB_HOST` names it. */
  get address (): string {
    return `${this.access.host}:${this.access.port}`
  }

  get socket (): string {
    return join(this.folder, 'socket')
  }

  /** Connects as its administrator, also while its network is cut. */
  connect (): Promise<Connection> {
    return createConnection({ socketPath: this.socket, user: 'root', connectTimeout: 2000 })
  }

  async query (sql: string): Promise<any> {
    const connection = await this.connect()
    try {
      return (await connection.query(sql))[0]
    } finally {
      connection.destroy()
    }
  }

  get isRunning (): boolean {
    return this.process?.exitCode === null && this.process.signalCode === null
  }

  /** Ends it: SIGKILL as the kernel does, SIGTERM as an operator does. */
  async end (signal: NodeJS.Signals): Promise<void> {
    if (!this.process || !this.isRunning) return
    const ended = once(this.process, 'exit')
    // A suspended process would not end.
    this.thaw()
    this.process.kill(signal)
    await ended
  }

  /** Suspends it; its connections stay open. */
  freeze (): void {
    this.process?.kill('SIGSTOP')
  }

  thaw (): void {
    this.process?.kill('SIGCONT')
  }

  /** Cuts it off from the other nodes; and, if `isAlone`, from this machine. */
  async cut (options: { isAlone: boolean }): Promise<void> {
    await this.network!.cut(this.number, options)
  }

  async heal (): Promise<void> {
    await this.network?.heal(this.number)
  }
}

export interface ClusterOptions {
  engine: Engine
  /** Folder of all its files. */
  folder: string
  /** Data directory of a server that was never used. */
  template: string
  /** Added to those of each node. */
  flags?: readonly string[]
  /** Whether the nodes have a network of their own, where one can be made. Default: the loopback interface. */
  hasNetwork?: boolean
}

/** Three nodes. */
export class Cluster {
  readonly nodes: readonly Node[]
  readonly #engine: Engine
  readonly #template: string
  readonly #flags: readonly string[]

  /** Starts a cluster, which ends with its owner. */
  static async start (t: Owner, options: ClusterOptions): Promise<Cluster> {
    const { engine, folder, template, hasNetwork = false } = options
    const network = hasNetwork && !networkMissing ? await Network.create(t, nodeCount) : undefined
    const nodes: Node[] = []
    for (let number = 1; number <= nodeCount; number++) {
      const node = await Node.create(number, join(folder, `node-${number}`), network)
      await copyData(template, node)
      nodes.push(node)
    }
    t.teardown(() => Promise.all(nodes.map((node) => node.end('SIGKILL'))))
    const cluster = new Cluster(nodes, options)
    await engine.prepare(nodes, (node, isFirst) => cluster.run(node, isFirst))
    for (const node of nodes) await cluster.start(node, { isFirst: node === nodes[0] })
    return cluster
  }

  private constructor (nodes: readonly Node[], { engine, template, flags = [] }: ClusterOptions) {
    this.nodes = nodes
    this.#engine = engine
    this.#template = template
    this.#flags = flags
  }

  /** The value of LOGGER_DB_HOST. */
  get hosts (): string {
    return this.nodes.map(({ address }) => address).join(',')
  }

  /** Runs a statement on a node that can be written. */
  async execute (sql: string): Promise<void> {
    await until(`a node executes ${sql}`, async () => {
      for (const node of this.nodes) if (await node.query(sql).then(() => true, () => false)) return true
    })
  }

  /** Starts a node, unless it runs, and lets it join; `isFirst`: it starts the cluster anew. */
  async start (node: Node, { isFirst = false } = {}): Promise<void> {
    if (!node.isRunning) await this.run(node, isFirst)
    await this.#engine.join?.(node, isFirst)
    await this.joined(node)
  }

  /** Lets every node take part again, whatever a failed test has left. */
  async restore (): Promise<void> {
    for (const node of this.nodes) {
      node.thaw()
      await node.heal()
    }
    for (const node of this.nodes) await this.rejoined(node)
  }

  /** Resolves when a node that runs is a member of the cluster. */
  async joined (node: Node): Promise<void> {
    await until(`node ${node.number} belongs to the cluster`, () => {
      if (!node.isRunning) throw node.failure
      return this.#engine.isMember(node).catch(() => false)
    }, { stallMs: joinMs })
  }

  /** Puts a new node, without any data, in the place of one, and lets it join. */
  async replace (node: Node, transfer: Transfer): Promise<void> {
    await node.end('SIGKILL')
    await rm(node.data, { recursive: true })
    await this.#engine.renew(node, { template: this.#template, transfer, run: () => this.run(node) })
    // A member of a group that has got a clone ends, unless a supervisor starts it anew.
    await this.start(node).catch((error) => {
      if (node.isRunning) throw error
      return this.start(node)
    })
  }

  /** Resolves when a node that was away belongs to the cluster again; lets it join if it does not by itself. */
  async rejoined (node: Node): Promise<void> {
    const isDecided = async () => await this.#engine.isMember(node) || await this.#engine.hasLeft?.(node) === true
    await until(`node ${node.number} belongs to the cluster, or has left it`, () => isDecided().catch(() => !node.isRunning), { stallMs: joinMs })
    if (!node.isRunning || await this.#engine.hasLeft?.(node)) await this.start(node)
  }

  /** Lets a node continue alone that has lost the majority. */
  forceMajority (node: Node): Promise<void> {
    return this.#engine.forceMajority(node)
  }

  /** Starts the cluster anew after all nodes have ended. */
  async recover (): Promise<void> {
    const positions = await Promise.all(this.nodes.map((node) => this.#engine.positionOf(node, () => this.run(node))))
    const [first, ...others] = [...this.nodes].sort((a, b) => positions[b.number - 1]! - positions[a.number - 1]!)
    await this.start(first!, { isFirst: true })
    for (const node of others) await this.start(node)
  }

  /** Starts a node and waits until it answers. */
  async run (node: Node, isFirst = false): Promise<void> {
    const flags = await this.#engine.flags(node, this.nodes, isFirst)
    const prefix = node.network?.prefixOf(node.number) ?? []
    const [program, ...args] = [...prefix, ...this.#engine.kind.command, ...flagsOf(node), ...this.#flags, ...flags]
    node.process = spawn(program!, args, { env: environmentOf(node), stdio: 'ignore' })
    await until(`node ${node.number} answers`, async () => {
      if (!node.isRunning) throw node.failure
      const connection = await node.connect().catch(() => undefined)
      connection?.destroy()
      return connection !== undefined
    }, { progress: () => statSync(node.log, { throwIfNoEntry: false })?.size })
  }
}

/** Gives a node the data of a server that was never used. */
async function copyData (template: string, node: Node): Promise<void> {
  await execute('cp', ['-a', '--sparse=always', template, node.data])
  // Copies of one MySQL would all have its id.
  await rm(join(node.data, 'auto.cnf'), { force: true })
}

/** The administrator, who may come from another address than the server's own. */
const administrator = ["CREATE USER root@'%'", "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION"]

async function createAdministrator (node: Node): Promise<void> {
  for (const sql of administrator) await node.query(sql)
}

/** Its own folder for temporary tables, and the scripts of state transfers of Galera. */
function environmentOf (node: Node): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: node.folder, PATH: `${join(import.meta.dirname, 'galera')}:${process.env.PATH}` }
}

/** Flags of all nodes. */
function flagsOf (node: Node): string[] {
  return [
    `--datadir=${node.data}`, `--socket=${node.socket}`, `--pid-file=${join(node.folder, 'pid')}`, `--log-error=${node.log}`,
    `--bind-address=${node.access.host}`, `--port=${node.access.port}`, `--server-id=${node.number}`, '--max-connections=200',
    '--skip-name-resolve', '--innodb-buffer-pool-size=64M', '--innodb-flush-log-at-trx-commit=1'
  ]
}

/**
 * Three MariaDB with Galera 4. A node that was away gets what it missed from the cache of another one, and a new node a
 * backup (galera/wsrep_sst_local).
 */
export const galera: Engine = {
  kind: mariadb,

  async flags (node, nodes, isFirst) {
    const flags = [
      '--wsrep-on=ON', `--wsrep-provider=${provider}`, '--wsrep-cluster-name=tests', `--wsrep-node-name=node-${node.number}`,
      `--wsrep-cluster-address=gcomm://${nodes.map(({ groupAddress }) => groupAddress).join(',')}`, `--wsrep-node-address=${node.groupAddress}`,
      '--binlog-format=ROW', '--innodb-autoinc-lock-mode=2', '--skip-log-bin', '--wsrep-sst-method=local', '--log-warnings=1',
      `--wsrep-provider-options=gmcast.listen_addr=tcp://${node.groupAddress};ist.recv_addr=${node.access.host}:${await freePort()};gcache.size=128M`
    ]
    if (isFirst) {
      const file = join(node.data, 'grastate.dat')
      if (existsSync(file)) await writeFile(file, (await readFile(file, 'utf8')).replace('safe_to_bootstrap: 0', 'safe_to_bootstrap: 1'))
    }
    const isEmpty = !existsSync(join(node.data, 'ibdata1'))
    return [...flags, ...isFirst ? ['--wsrep-new-cluster'] : [], ...isEmpty ? [] : await recoveredPosition(node, flags)]
  },

  /** All nodes begin with the data of a cluster of one, so that none needs a transfer of its whole state. */
  async prepare ([first, ...others], run) {
    if (!first) return
    await run(first, true)
    await createAdministrator(first)
    await first.end('SIGTERM')
    for (const { data } of others) {
      await rm(data, { recursive: true })
      await execute('cp', ['-a', '--sparse=always', first.data, data])
      // The id of the first node.
      await rm(join(data, 'gvwstate.dat'), { force: true })
    }
  },

  transfers: [{ name: 'a backup by mariadb-backup', missing: backupMissing }],

  async renew ({ data }) {
    mkdirSync(data)
  },

  async isMember (node) {
    const [row] = await node.query("SHOW STATUS LIKE 'wsrep_local_state_comment'")
    return row.Value === 'Synced'
  },

  forceMajority: (node) => node.query("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'"),

  async positionOf (node) {
    const [flag = ''] = await recoveredPosition(node, [
      '--wsrep-on=ON', `--wsrep-provider=${provider}`, '--wsrep-cluster-address=gcomm://', '--wsrep-sst-method=local', '--binlog-format=ROW'
    ])
    return Number(/:(\d+)/.exec(flag)?.[1] ?? -1)
  }
}

/** The position that a node has reached, as a flag, also where it was killed. */
async function recoveredPosition (node: Node, flags: string[]): Promise<string[]> {
  const [program, ...args] = mariadb.command
  const log = join(node.folder, 'recovery.log')
  await rm(log, { force: true })
  await execute(program, [...args, ...flagsOf(node), ...flags, '--wsrep-recover', `--log-error=${log}`], { env: environmentOf(node) })
  const position = /Recovered position: (\S+)/.exec(await readFile(log, 'utf8'))?.[1]
  return position === undefined ? [] : [`--wsrep-start-position=${position}`]
}

/** It must be the address of an interface, and the loopback interface has one. */
const groupAddress = ({ network, access, groupPort }: Node): string => `${network ? access.host : '127.0.0.1'}:${groupPort}`

/** The members of the group, as one of them sees them. */
function membersSeenBy (node: Node): Promise<Array<{ isOwn: number, state: string }>> {
  return node.query('SELECT MEMBER_ID = @@server_uuid AS isOwn, MEMBER_STATE AS state FROM performance_schema.replication_group_members')
}

const recoveryUser = "'recovery'@'%'"

/** Starts a MySQL that was never used, and lets it get what a group has stored. */
async function prepareMember (node: Node, run: () => Promise<void>): Promise<void> {
  await run()
  const connection = await node.connect()
  for (const sql of [
    'SET sql_log_bin = 0',
    ...administrator,
    `CREATE USER ${recoveryUser} IDENTIFIED BY 'recovery'`,
    `GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO ${recoveryUser}`,
    'RESET BINARY LOGS AND GTIDS',
    "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = 'recovery' FOR CHANNEL 'group_replication_recovery'"
  ]) await connection.query(sql)
  connection.destroy()
}

/** Three MySQL with Group Replication and one primary. A node that starts does not join by itself. */
export const group: Engine = {
  kind: mysql,

  async flags (node, nodes) {
    return [
      '--gtid-mode=ON', '--enforce-gtid-consistency=ON', '--log-bin=binlog', '--sync-binlog=1', `--report-host=${node.access.host}`,
      '--performance-schema-instrument=%=OFF', '--plugin-load-add=group_replication.so', '--plugin-load-add=mysql_clone.so',
      '--group-replication-start-on-boot=OFF',
      '--group-replication-group-name=aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb', `--group-replication-local-address=${groupAddress(node)}`,
      `--group-replication-group-seeds=${nodes.map(groupAddress).join(',')}`,
      // A node that was killed is noticed after five seconds in any case.
      '--group-replication-member-expel-timeout=0', '--group-replication-recovery-get-public-key=ON', '--group-replication-ip-allowlist=127.0.0.0/8,198.18.0.0/15'
    ]
  },

  prepare: (nodes, run) => Promise.all(nodes.map((node) => prepareMember(node, () => run(node)))).then(() => {}),

  transfers: [
    { name: 'recovery from the log', missing: false, cloneFrom: 1_000_000 },
    { name: 'a clone', missing: false, cloneFrom: 1 }
  ],

  async renew (node, { template, transfer: { cloneFrom }, run }) {
    await copyData(template, node)
    await prepareMember(node, run)
    await node.query(`SET GLOBAL group_replication_clone_threshold = ${cloneFrom}`)
  },

  async join (node, isFirst) {
    if (isFirst) await node.query('SET GLOBAL group_replication_bootstrap_group = ON')
    await until(`node ${node.number} may join`, async () => {
      // It may have left the group by an error.
      await node.query('STOP GROUP_REPLICATION')
      return node.query('START GROUP_REPLICATION').then(() => true, (error) => {
        // The group still has a member with this address, which was killed: it is missed after some seconds.
        if (error.errno === 3092) return false
        throw error
      })
    })
    if (isFirst) await node.query('SET GLOBAL group_replication_bootstrap_group = OFF')
  },

  async isMember (node) {
    const members = await membersSeenBy(node)
    return members.some(({ isOwn, state }) => isOwn && state === 'ONLINE') && members.every(({ state }) => state !== 'UNREACHABLE')
  },

  async hasLeft (node) {
    const members = await membersSeenBy(node)
    return members.every(({ isOwn, state }) => !isOwn || ['ERROR', 'OFFLINE'].includes(state))
  },

  forceMajority: (node) => node.query(`SET GLOBAL group_replication_force_members = '${groupAddress(node)}'`)
    .then(() => node.query("SET GLOBAL group_replication_force_members = ''")),

  /** Number of transactions of the group; the node is left running, outside of the group. */
  async positionOf (node, run) {
    await run()
    const [{ executed }] = await node.query('SELECT @@GLOBAL.gtid_executed AS executed')
    return Math.max(0, ...[...executed.matchAll(/-(\d+)/g)].map(([, last]) => Number(last)))
  }
}
