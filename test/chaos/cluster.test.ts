// Two instances of the service on a real cluster of three nodes, of which some are killed, suspended or restarted under load.
// LOGGER_TEST_CLUSTER=long (npm run test:cluster) adds the faults that take minutes.
import t, { type Test } from 'tap'
import { Cluster, galera, galeraMissing, group, groupMissing, type Node } from '../helpers/clusters.ts'
import { loggerbot } from '../helpers/command.ts'
import { environmentOf, openKnex } from '../helpers/databases.ts'
import { until } from '../helpers/until.ts'
import type { Load } from './clients.ts'
import { check, Stage } from './stage.ts'
import { pass } from './timing.ts'

t.setTimeout(3600_000)

const isLong = process.env.LOGGER_TEST_CLUSTER === 'long'
const picked = process.env.LOGGER_TEST_DATABASES?.toLowerCase().split(',')
const engines = [
  { name: 'Galera', engine: galera, database: 'mariadb', missing: galeraMissing },
  { name: 'Group Replication', engine: group, database: 'mysql', missing: groupMissing }
].filter(({ database }) => picked?.includes(database) ?? true)

for (const { name, engine, missing } of engines) {
  if (missing) t.comment(`NOT TESTED: ${missing}`)
  t.test(name, { skip: missing }, async (t) => {
    const cluster = await Cluster.start(t, engine)
    const [first, second, third] = cluster.nodes as [Node, Node, Node]

    await scenario(t, cluster, 'kill -9 of the node that is used', async (stage, load) => {
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

    await scenario(t, cluster, 'the node that is used is suspended for 20 s', async (stage, load) => {
      const active = await activeNode(stage, cluster)
      active.freeze()
      await stored(load)
      await pass(20_000)
      active.thaw()
      await cluster.joined(active).catch(() => cluster.start(active))
    })

    await scenario(t, cluster, 'kill -9 of two nodes', async (stage, load) => {
      const active = await activeNode(stage, cluster)
      const other = cluster.nodes.find((node) => node !== active)!
      await Promise.all([active, other].map((node) => node.end('SIGKILL')))
      await spooled(load)
      await pass(5000)
      const left = cluster.nodes.find((node) => node !== active && node !== other)!
      await cluster.forceMajority(left)
      for (const node of [active, other]) await cluster.start(node)
    })

    await scenario(t, cluster, 'kill -9 of all three nodes', async (_stage, load) => {
      await Promise.all(cluster.nodes.map((node) => node.end('SIGKILL')))
      await spooled(load)
      await pass(3000)
      await cluster.recover()
    })

    await scenario(t, cluster, 'rolling restart', async (_stage, load) => {
      for (const node of [first, second, third]) {
        await node.end('SIGTERM')
        await pass(2000)
        await cluster.start(node)
        await stored(load)
      }
    })
  })
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

/** Runs a fault under load, and compares every node with the acknowledged logs. */
async function scenario (t: Test, cluster: Cluster, name: string, fault: (stage: Stage, load: Load) => Promise<void>): Promise<void> {
  await t.test(name, async (t) => {
    const stage = await Stage.set(t, { cluster, instances: 2, settings: { LOGGER_LOG_LEVEL: 'warn' } })
    const load = await stage.load({ clients: 4, rest: 200, largest: 300 })
    const gaps = watchGaps(load)
    await stored(load)
    await fault(stage, load)
    await stored(load)
    await caughtUp(t, stage, cluster)
    t.comment(`longest time without an acknowledged request: ${gaps()} ms`)
    await stage.settle(t, load)
    for (const node of cluster.nodes) {
      const knex = openKnex(t, { ...node.access, database: stage.name })
      const total = await rows(stage.knex)
      await until(`node ${node.number} has all logs`, async () => await rows(knex) === total, { progress: () => undefined })
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
    await until(`node ${node.number} has caught up`, () => rows(knex).then((count) => count >= total, () => false))
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

async function rows (knex: Stage['knex']): Promise<number> {
  const [row] = await knex('user_logs').count({ count: '*' })
  return Number(row!.count)
}
