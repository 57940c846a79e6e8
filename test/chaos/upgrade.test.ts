// Instances of an old version are replaced under load by this one, on the same database.
//
// The old versions come out of the repository's own history: so what runs is what was released, with the packages of this
// checkout, and nothing of it must be kept up. A shallow clone or an archive has no history; there this is left out.
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { migrations } from '../../src/store/migrations.ts'
import { root } from '../helpers/command.ts'
import { startMariadb, startMysql, temporaryFolder } from '../helpers/databases.ts'
import { Proxy } from '../helpers/proxy.ts'
import { mariadb, mysql } from '../helpers/servers.ts'
import { log, send } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import type { Load } from './clients.ts'
import { ownProgram, type Instance } from './instance.ts'
import { miscountedBy, rowsIn } from './reading.ts'
import { Stage, type Proof } from './stage.ts'
import { seconds } from './timing.ts'

t.setTimeout(600_000)

/** Commits of the old versions: the last one of the release, and the last one in which each request had a row of the ledger. */
const release = '7d655bffa624bba3a637af394447d3fd68d1fce3'
const beforeGroups = 'c93cc4ad2878eb9228dfd327e26f817b783842cf'

/** Their requests are small, so that comparing takes less time. */
const clients = { keyed: 0.3, largest: 300 }

const picked = process.env.LOGGER_TEST_DATABASES?.toLowerCase().split(',')
const isPicked = (name: string) => picked?.includes(name.toLowerCase()) ?? true
const servers = [{ kind: mariadb, start: startMariadb }, { kind: mysql, start: startMysql }].filter(({ kind }) => isPicked(kind.name))
const upgrades = [
  ...servers.map((server) => ({ ...server, from: 'a version without grouped requests', commit: beforeGroups, isFollowed: true })),
  // A tail of 0.1.0 misses the last logs of another instance that ends, without a word; its successors do not.
  ...seconds > 1 ? servers.map((server) => ({ ...server, from: '0.1.0', commit: release, isFollowed: false })) : []
]

for (const { from, commit, isFollowed, kind, start } of upgrades) {
  t.test(`from ${from}, one instance after the other, on ${kind.name}`, { skip: missing(commit) || kind.missing }, async (t) => {
    const program = unpack(t, commit)
    const server = await start(t)
    const proxy = await Proxy.start(t, server.access.port)
    const stage = await Stage.set(t, { server, proxy, instances: 2, program, isFollowed })
    const [first, second] = stage.instances as [Instance, Instance]
    const load = await stage.load(clients)

    await proxy.setMode('refuse')
    await until('acknowledged logs are in the spool alone', async () => await second.metric('loggerbot_spool_bytes'))
    await second.stop()
    await proxy.setMode('pass')
    await upgrade(second)
    // Each keyed request is repeated on either instance: the versions must know each other's.
    await repeated(load)
    await first.stop()
    await upgrade(first)
    await repeated(load)

    await settle(t, stage, load, { spooled: 1 })
    await goBack(t, stage, program, proxy)
  })
}

t.test('from 0.1.0, on SQLite', { skip: missing(release) || !isPicked('SQLite') }, async (t) => {
  const program = unpack(t, release)
  const stage = await Stage.set(t, { program })
  const [instance] = stage.instances as [Instance]
  const load = await stage.load(clients)
  await repeated(load)
  await instance.stop()
  await upgrade(instance)
  await repeated(load)

  await settle(t, stage, load)
  await goBack(t, stage, program)
})

/** Why the old version cannot be had, or false. */
function missing (commit: string): string | false {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{tree}`], { cwd: root, stdio: 'ignore' })
    return false
  } catch {
    return `NOT TESTED: commit ${commit} is not there, as in a shallow clone: git fetch --unshallow`
  }
}

/** Unpacks the sources of a commit; returns the path of its program. */
function unpack (t: Test, commit: string): string {
  const folder = temporaryFolder(t)
  const archive = execFileSync('git', ['archive', commit, 'bin', 'src', 'plugins', 'routes', 'migrations', 'package.json'], { cwd: root, maxBuffer: 2 ** 28 })
  execFileSync('tar', ['x', '-C', folder], { input: archive })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'bin/loggerbot.js')
}

/** Starts this version in place of the old one. */
async function upgrade (instance: Instance): Promise<void> {
  instance.program = ownProgram
  await instance.start(['--migrate'])
}

/** Waits until further requests were stored, and repeats of others recognized. */
async function repeated ({ counts }: Load): Promise<void> {
  const { acknowledged, replayed } = counts
  await until('more is stored, and repeats are recognized', () => counts.acknowledged > acknowledged + 100 && counts.replayed > replayed + 20)
}

async function settle (t: Test, stage: Stage, load: Load, proof?: Proof): Promise<void> {
  await stage.settle(t, load, proof)
  t.comment(`${stage.missed} logs were reported as missed by the tails`)
  t.equal(load.counts.notReplayed, 0, 'every repeat that came after the first answer was answered as such')
  // An old version answers 503 to what comes while it ends.
  t.strictSame(Object.keys(load.counts.refused).filter((status) => status !== '503'), [], 'every refusal was temporary')
}

/** Goes back to the old version, with a log in the spool of this one. */
async function goBack (t: Test, { instances, users, knex }: Stage, program: string, proxy?: Proxy): Promise<void> {
  const [instance] = instances as [Instance]
  const [{ name, token }] = users as [Stage['users'][number]]
  const before = await rowsIn(knex)
  await instance.start()
  await send(instance, name, token, [log()])
  if (proxy) {
    await proxy.setMode('refuse')
    t.match(await send(instance, name, token, [log()]), { status: 200, headers: { 'x-log-stored': 'spool' } })
  }
  await instance.stop()
  await proxy?.setMode('pass')

  instance.program = program
  await t.rejects(instance.start(), { message: /made by a newer version/ }, 'the old version refuses the new tables')
  await knex.migrate.rollback(migrations)
  await instance.start()
  await until('the old version has stored what was in the spool', async () => await rowsIn(knex) === before + (proxy ? 2 : 1))
  t.equal((await send(instance, name, token, [log()])).status, 200, 'the old version accepts logs again')
  t.equal(await miscountedBy(instance.port, knex), 0, 'the old version counts all logs')
  t.equal(await instance.stop(), 0, 'the old version ends in order')
}
