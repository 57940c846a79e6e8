// Two instances of the service on a real cluster of three nodes, of which some are killed, suspended, cut off, restarted or
// replaced under load. LOGGER_TEST_CLUSTER=long (npm run test:cluster) adds the faults that take minutes;
// LOGGER_CLUSTER_FAULTS is a pattern of the names of those to run.
import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { Cluster, galera, galeraMissing, group, groupMissing, type Node } from '../helpers/clusters.ts'
import { loggerbot } from '../helpers/command.ts'
import { environmentOf, openKnex, temporaryFolder } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { networkMissing } from '../helpers/network.ts'
import { askKeeper } from '../helpers/run.ts'
import { basic, createUser } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import type { Load } from './clients.ts'
import { messageOf } from './ledger.ts'
import { Receiver, word } from './receiver.ts'
import { check, Stage, type StageOptions } from './stage.ts'
import { pass, preloaded } from './timing.ts'

t.setTimeout(3600_000)

const isLong = process.env.LOGGER_TEST_CLUSTER === 'long'
const pickedScenarios = new RegExp(process.env.LOGGER_CLUSTER_FAULTS ?? '')
const picked = process.env.LOGGER_TEST_DATABASES?.toLowerCase().split(',')
const engines = [
  { name: 'Galera', engine: galera, database: 'mariadb', missing: galeraMissing },
  { name: 'Group Replication', engine: group, database: 'mysql', missing: groupMissing }
].filter(({ database }) => picked?.includes(database) ?? true)

for (const { name, engine, missing } of engines) {
  if (missing) t.comment(`NOT TESTED: ${missing}`)
  t.test(name, { skip: missing }, async (t) => {
    const template: string = await askKeeper(`${engine.kind.name}-data`)
    const cluster = await Cluster.start(t, { engine, folder: temporaryFolder(t), template, hasNetwork: true })
    const [first] = cluster.nodes as [Node, Node, Node]

    await scenario(t, cluster, { name: 'kill -9 of the node that is used' }, async (t, stage, load) => {
      await first.end('SIGKILL')
      await stored(load)
      t.not(await stage.instances[0]!.activeHost(), first.address, 'another node is used')
      if (engine === group) {
        // It can be written, and what it takes is lost when it joins.
        await cluster.run(first)
        await until('it is seen outside of its group', async () => await stage.instances[0]!.hostState(first.address) === 'no member of its group (OFFLINE)')
        await stored(load)
        t.not(await stage.instances[0]!.activeHost(), first.address, 'a node outside of its group is not used')
      }
      await cluster.start(first)
    })

    if (engine === group) await t.test('a login that cannot see the group is told the privilege that it lacks', (t) => checkGrant(t, cluster))
    if (!isLong) return

    for (const [name, fault] of Object.entries(longFaults)) {
      await scenario(t, cluster, { name }, (_t, stage, load) => fault(cluster, stage, load))
    }
    for (const cut of cuts) await scenario(t, cluster, { ...cut, skip: networkMissing }, (t, stage, load) => cutOff(t, { cluster, stage, load, ...cut }))
    for (const transfer of engine.transfers) {
      await scenario(t, cluster, { name: `a new node joins: ${transfer.name}`, skip: transfer.missing }, async (_t, stage, load) => {
        await cluster.replace(await otherNode(stage, cluster), transfer)
        await stored(load)
      })
    }
    await scenario(t, cluster, { name: 'kill -9 of the node that is used, the clocks of the instances five minutes apart', settingsOf: fiveMinutesApart }, async (_t, stage, load) => {
      const active = await activeNode(stage, cluster)
      await active.end('SIGKILL')
      await stored(load)
      await cluster.start(active)
    })
    await tellAlerts(t, cluster)
  })
}

type Fault = (cluster: Cluster, stage: Stage, load: Load) => Promise<void>

const longFaults: Record<string, Fault> = {
  async 'the node that is used is suspended for 20 s' (cluster, stage, load) {
    const active = await activeNode(stage, cluster)
    active.freeze()
    await stored(load)
    await pass(20_000)
    active.thaw()
    await cluster.rejoined(active)
  },

  async 'kill -9 of two nodes' (cluster, stage, load) {
    const active = await activeNode(stage, cluster)
    const other = await otherNode(stage, cluster)
    await Promise.all([active, other].map((node) => node.end('SIGKILL')))
    await spooled(load)
    await pass(5000)
    const left = cluster.nodes.find((node) => node !== active && node !== other)!
    await cluster.forceMajority(left)
    for (const node of [active, other]) await cluster.start(node)
  },

  async 'kill -9 of all three nodes' (cluster, _stage, load) {
    await Promise.all(cluster.nodes.map((node) => node.end('SIGKILL')))
    await spooled(load)
    await pass(3000)
    await cluster.recover()
  },

  async 'rolling restart' (cluster, _stage, load) {
    for (const node of cluster.nodes) {
      await node.end('SIGTERM')
      await pass(2000)
      await cluster.start(node)
      await stored(load)
    }
  }
}

/** Parts of the network that fail; `isAlone`: the service cannot reach the node either. */
const cuts = [
  { name: 'the node that is used is cut off from the others, but not from the service', isUsed: true, isAlone: false },
  { name: 'the node that is used is cut off from everything', isUsed: true, isAlone: true },
  { name: 'another node is cut off from everything', isUsed: false, isAlone: true }
]

/** Everything that a cut needs. */
interface Cut {
  cluster: Cluster
  stage: Stage
  load: Load
  isUsed: boolean
  isAlone: boolean
}

async function cutOff (t: Test, { cluster, stage, load, isUsed, isAlone }: Cut): Promise<void> {
  const active = await activeNode(stage, cluster)
  const node = isUsed ? active : await otherNode(stage, cluster)
  await node.cut({ isAlone })
  // What was under way is not what proves it.
  await stored(load)
  if (isUsed) await until('another node is used', async () => ![node.address, undefined].includes(await stage.instances[0]!.activeHost()))
  await pass(12_000)
  await stored(load)
  t.equal(await stage.instances[0]!.activeHost() === active.address, !isUsed, `the node is ${isUsed ? 'not ' : ''}used meanwhile`)
  await node.heal()
  await cluster.rejoined(node)
}

/** The clock of the first instance is ahead of the database's, that of the second behind. */
const fiveMinutesApart = (index: number) => (
  { ...preloaded('shift-clock.js'), CHAOS_CLOCK_SHIFT_MS: index === 0 ? '150000' : '-150000' }
)

/** Users of the scenario with alerts. The load comes from others, so that each error here is told by a message of its own. */
const alerted = ['dora', 'emil', 'flora']

/** The node that is used is killed when an alert has arrived, before the service gets the answer. */
async function tellAlerts (t: Test, cluster: Cluster): Promise<void> {
  const receiver = await Receiver.start(t)
  const name = 'kill -9 of the node that is used, when an alert has just arrived'
  await scenario(t, cluster, { name, settings: { LOGGER_ALERT_TARGETS: '127.0.0.1' } }, async (t, stage, load) => {
    for (const user of alerted) await createUser(stage.instances[0]!, user)
    await receiver.addTo(stage, alerted)
    let killed: Node | undefined
    receiver.onMessage = async () => {
      if (killed) return
      killed = await activeNode(stage, cluster)
      await killed.end('SIGKILL')
    }
    const failing = await fail(stage, load, 1)
    const node = await until('an alert has arrived', () => killed)
    failing.push(...await fail(stage, load, 2))
    await stored(load)
    await cluster.start(node)
    await receiver.hasAll(stage, () => failing.every((process) => receiver.processes.includes(process)))

    t.strictSame(receiver.processes.sort(), failing.sort(), 'each alert is told in one message')
    const repeats = receiver.copies.reduce((sum, same) => sum + same.length - 1, 0)
    t.equal(repeats, 0, `each message is sent once: ${repeats} repeats of ${receiver.copies.length}`)
  })
}

/** Sends an error of each user, of processes that had none before; resolves to their names. */
async function fail ({ instances }: Stage, { ledger }: Load, round: number): Promise<string[]> {
  return Promise.all(alerted.map(async (name, index) => {
    const id = `c${100 + index}-r${round}`
    const sent = ledger.open(id, 1)
    const log = { level: 'error', process: word(), message: messageOf(`${id}-l0`), time: '2020-05-05T12:22:22Z' }
    const headers = { ...basic(name), 'idempotency-key': randomUUID() }
    const { port } = instances[index % instances.length]!
    await until('an error is acknowledged', async () => (await post(port, '/api/logs', [log], headers)).status === 200)
    sent.acknowledged = true
    return log.process
  }))
}

async function checkGrant (t: Test, cluster: Cluster): Promise<void> {
  await cluster.execute("CREATE USER plain@'%' IDENTIFIED BY 'plain'")
  await cluster.execute("GRANT ALL ON plain.* TO plain@'%'")
  const env = environmentOf({ host: cluster.hosts, port: 3306, user: 'plain', password: 'plain', database: 'plain' })
  const grant = /as an administrator: GRANT SELECT ON performance_schema.replication_group_members TO the login/
  t.match(await loggerbot(['setup-database'], { env }), { code: 0, stdout: /is ready/, stderr: grant })
  await cluster.execute("GRANT SELECT ON performance_schema.replication_group_members TO plain@'%'")
  t.match(await loggerbot(['setup-database'], { env }), { code: 0, stdout: /nothing to do/, stderr: '' })
}

interface Scenario extends Pick<StageOptions, 'settings' | 'settingsOf'> {
  name: string
  /** Why it cannot run here. */
  skip?: string | false
}

/** Runs a fault under load, and compares every node with the acknowledged logs. */
async function scenario (t: Test, cluster: Cluster, { name, skip = false, settings, settingsOf }: Scenario, fault: (t: Test, stage: Stage, load: Load) => Promise<void>): Promise<void> {
  if (skip) t.comment(`NOT TESTED: ${name}: ${skip}`)
  if (!pickedScenarios.test(name)) return
  await t.test(name, { skip }, async (t) => {
    await cluster.restore()
    const stage = await Stage.set(t, { cluster, instances: 2, settings: { LOGGER_LOG_LEVEL: 'warn', ...settings }, settingsOf })
    const load = await stage.load({ clients: 4, rest: 200, largest: 300 })
    const gaps = watchGaps(load)
    await stored(load)
    await fault(t, stage, load)
    await stored(load)
    await caughtUp(t, stage, cluster)
    t.comment(`longest time without an acknowledged request: ${gaps()} ms`)
    await stage.settle(t, load)
    t.comment(`the tails said that they missed ${stage.missed} logs`)
    for (const node of cluster.nodes) {
      const knex = openKnex(t, { ...node.access, database: stage.name })
      const total = await rows(stage.knex)
      let count = 0
      await until(`node ${node.number} has all logs`, async () => (count = await rows(knex)) === total, { progress: () => count })
      check(t, await load.ledger.compare(knex))
    }
  })
}

/** Resolves when every node has what the used one has: one that was suspended answers with old data for a while. */
async function caughtUp (t: Test, stage: Stage, cluster: Cluster): Promise<void> {
  const knexOf = (node: Node) => openKnex(t, { ...node.access, database: stage.name })
  const total = await rows(knexOf(await activeNode(stage, cluster)))
  for (const node of cluster.nodes) {
    const knex = knexOf(node)
    let count = 0
    await until(`node ${node.number} has caught up`, async () => (count = await rows(knex).catch(() => 0)) >= total, { progress: () => count })
  }
}

/** Resolves when further logs are stored in the database. */
async function stored ({ counts }: Load): Promise<void> {
  const before = counts.acknowledged - counts.spooled
  await until('logs are stored in the database', () => counts.acknowledged - counts.spooled > before + 50, { progress: () => counts.acknowledged })
}

/** Resolves when further logs are in the spool. */
async function spooled ({ counts }: Load): Promise<void> {
  const before = counts.spooled
  await until('logs go to the spool', () => counts.spooled > before + 50, { progress: () => counts.acknowledged })
}

/** Begins to watch; the function returned ends it, and returns the longest time without an acknowledged request, in ms. */
function watchGaps ({ counts }: Load): () => number {
  let longest = 0
  let seen = counts.acknowledged
  let since = performance.now()
  const timer = setInterval(() => {
    if (counts.acknowledged > seen) since = performance.now()
    seen = counts.acknowledged
    longest = Math.max(longest, performance.now() - since)
  }, 20)
  return () => {
    clearInterval(timer)
    return Math.round(longest)
  }
}

async function activeNode (stage: Stage, { nodes }: Cluster): Promise<Node> {
  return until('a node is used', async () => {
    const active = await stage.instances[0]!.activeHost()
    return nodes.find(({ address }) => address === active)
  })
}

/** A node that is not used. */
async function otherNode (stage: Stage, cluster: Cluster): Promise<Node> {
  const active = await activeNode(stage, cluster)
  return cluster.nodes.find((node) => node !== active)!
}

async function rows (knex: Stage['knex']): Promise<number> {
  const [row] = await knex('user_logs').count({ count: '*' })
  return Number(row!.count)
}
