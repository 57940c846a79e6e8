import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SpoolFull, SpoolUnavailable } from '../../../src/errors.ts'
import { freshKey, type SizedBatch } from '../../../src/write/batch.ts'
import { deleteKept, keepBatch, KeptFull, listKept, maxKeptBytes, readKept } from '../../../src/write/kept.ts'
import { fileHeader, readSegment, toFrame } from '../../../src/write/segment.ts'
import { adoptAbandoned, openHome } from '../../../src/write/shared-spool.ts'
import { claimFolder } from '../../../src/write/spool-home.ts'
import { Spool, type SpoolOptions } from '../../../src/write/spool.ts'
import { run } from '../../helpers/command.ts'
import { temporaryFolder } from '../../helpers/databases.ts'

function batch (message: string, records = 1): SizedBatch {
  return {
    userId: 1,
    key: freshKey(),
    firstId: 2n ** 60n,
    bytes: 0,
    records: Array.from({ length: records }, () => ({
      eventAt: '2020-05-05 12:22:22.000000',
      postTime: '2020-05-05 12:22:23.000000',
      severity: 'error' as const,
      message,
      pid: 1,
      processName: 'process name',
      description: 'Ünïcødé 😀',
      attributes: { nested: [{ a: 'b' }] }
    }))
  }
}

const messages = (batches: readonly SizedBatch[]) => batches.map(({ records }) => records[0]!.message)

t.test('a segment', async (t) => {
  const batches = ['one', 'two', 'three', 'four', 'five'].map((message) => batch(message))
  const frames = batches.map(toFrame)
  const file = Buffer.concat([fileHeader, ...frames])
  const read = (bytes: Buffer) => {
    const items = [...readSegment(bytes)]
    return { batches: items.filter((item) => 'records' in item), damages: items.filter((item) => 'reason' in item) }
  }

  await t.test('gives back what was written, in order', async (t) => {
    t.match(read(file), { batches: batches.map(({ bytes, ...batch }) => batch), damages: [] })
    t.equal(read(file).batches.length, batches.length)
  })

  await t.test('loses to a flipped bit, wherever it is, at most the batch in which it is, and reports it', async (t) => {
    const wrong: string[] = []
    for (let bit = 0; bit < file.length * 8; bit++) {
      const damaged = Buffer.from(file)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      const { batches: saved, damages } = read(damaged)
      let at = fileHeader.length
      const hit = frames.findIndex((frame) => {
        at += frame.length
        return bit >> 3 < at
      })
      const expected = bit >> 3 < fileHeader.length ? batches : batches.filter((_, index) => index !== hit)
      if (messages(saved).join() !== messages(expected).join() || damages.length !== 1) wrong.push(`${bit}: ${messages(saved)}`)
    }
    t.strictSame(wrong, [])
  })

  await t.test('keeps all whole batches of a truncated file, and reports the rest', async (t) => {
    const wrong: number[] = []
    const ends = frames.reduce<number[]>((ends, frame) => [...ends, ends.at(-1)! + frame.length], [fileHeader.length])
    for (let length = 0; length <= file.length; length++) {
      const { batches: saved, damages } = read(file.subarray(0, length))
      const whole = ends.filter((end) => end <= length).length - 1
      if (saved.length !== Math.max(0, whole) || damages.length !== (length === 0 || ends.includes(length) ? 0 : 1)) wrong.push(length)
    }
    t.strictSame(wrong, [])
  })
})

t.test('the spool', async (t) => {
  async function open (t: Test, options: Partial<SpoolOptions> = {}) {
    const spool = await Spool.open({ folder: join(temporaryFolder(t), 'deep/spool'), ...options })
    t.teardown(() => spool.close().catch(() => {}))
    return spool
  }
  async function all (spool: Spool, records = 1000): Promise<string[]> {
    const found: string[] = []
    for (let portion = await spool.next(records); portion; portion = await spool.next(records)) {
      found.push(...messages(portion.batches))
      await spool.finishPortion()
    }
    return found
  }
  const files = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.spool'))

  await t.test('gives batches back in order, in portions, the same again until they are done, and leaves no file', async (t) => {
    const spool = await open(t)
    const before = Date.now()
    await spool.append([batch('1'), batch('2')])
    await spool.append([batch('3')])
    t.ok(spool.bytes > 0)
    t.ok(spool.oldest! >= before && spool.oldest! <= Date.now())
    t.strictSame(messages((await spool.next(2))!.batches), ['1', '2'])
    t.strictSame(messages((await spool.next(2))!.batches), ['1', '2'])
    await spool.append([batch('4')])
    await spool.finishPortion()
    t.strictSame(await all(spool, 1), ['3', '4'])
    t.equal(spool.bytes, 0)
    t.equal(spool.oldest, undefined)
    t.strictSame(files(spool.folder), [])
  })

  await t.test('holds after a restart what was not done before it', async (t) => {
    const folder = temporaryFolder(t)
    const before = await Spool.open({ folder })
    await before.append([batch('1'), batch('2'), batch('3')])
    await before.next(1)
    await before.finishPortion()
    const { bytes } = before
    await before.close()

    const spool = await open(t, { folder })
    t.equal(spool.bytes, bytes)
    await spool.append([batch('4')])
    t.strictSame(await all(spool), ['1', '2', '3', '4'], 'the segment is begun anew: the keys make it harmless')
  })

  await t.test('begins new segments, and forgets each when it is done', async (t) => {
    const spool = await open(t)
    for (const name of ['1', '2', '3']) await spool.append([batch(name + 'x'.repeat(17_000_000))])
    t.equal(files(spool.folder).length, 3)
    await spool.next(1)
    await spool.finishPortion()
    t.equal(files(spool.folder).length, 2)
    t.strictSame((await all(spool)).map((message) => message[0]), ['2', '3'])
  })

  await t.test('saves the rest of a file of which the middle was overwritten and the end lost', async (t) => {
    const folder = temporaryFolder(t)
    const before = await Spool.open({ folder })
    for (const name of ['1', '2', '3', '4', '5']) await before.append([batch(name)])
    await before.close()
    const file = join(folder, files(folder)[0]!)
    const bytes = readFileSync(file)
    bytes.write('damage', bytes.indexOf('"message":"2"'))
    writeFileSync(file, bytes.subarray(0, -10))

    const spool = await open(t, { folder })
    const portion = (await spool.next(100))!
    t.strictSame(messages(portion.batches), ['1', '3', '4'])
    t.match(portion.damages, [{ reason: /checksum/ }, { reason: /incomplete/ }])
  })

  await t.test('is full at its limit, takes again once it is drained, and is full again', async (t) => {
    const spool = await open(t, { limit: 10_000 })
    for (const round of ['first', 'second']) {
      let taken = 0
      await t.rejects(async () => {
        for (;; taken++) await spool.append([batch('x'.repeat(1000))])
      }, { message: 'the database is unavailable and the spool is full', statusCode: 503 }, round)
      t.equal(taken, 7, round)
      t.equal((await all(spool)).length, 7, round)
    }
  })

  await t.test('takes what may be stored already past its limit, and nothing else until it is below', async (t) => {
    const spool = await open(t, { limit: 10_000 })
    const large = () => batch('x'.repeat(8000))
    await spool.append([large()])
    await t.rejects(spool.append([large()]), new SpoolFull())
    t.notOk(spool.isOverLimit)
    await spool.append([large()], { mayBeStored: true })
    t.ok(spool.isOverLimit)
    await t.rejects(spool.append([batch('x')]), new SpoolFull())
    t.equal((await all(spool)).length, 2)
    t.notOk(spool.isOverLimit)
  })

  await t.test('that keeps what is drained', async (t) => {
    const drained = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.drained'))

    await t.test('gives it back on request, after what is new, whole segments, and again', async (t) => {
      const spool = await open(t, { keepsDrained: true })
      await spool.append([batch('1'), batch('2')])
      t.strictSame(await all(spool), ['1', '2'])
      t.strictSame([spool.bytes, spool.segments, await spool.next(9)], [0, 0, undefined])
      await spool.append([batch('3'), batch('4')])
      // In the middle of a segment.
      t.match(await spool.next(1), { isAgain: false })
      await spool.finishPortion()
      await spool.drainAgain()
      t.strictSame(await all(spool), ['3', '4', '1', '2'])
      t.equal(await spool.next(9), undefined)
      await spool.drainAgain()
      t.match(await spool.next(9), { isAgain: true })
      await spool.drainAgain()
      await spool.finishPortion()
      t.strictSame(await all(spool), ['1', '2', '3', '4'], 'what was under way is drained again')
    })

    await t.test('gives it back after a restart, and numbers go on', async (t) => {
      const folder = temporaryFolder(t)
      const before = await Spool.open({ folder, keepsDrained: true })
      await before.append([batch('1')])
      await all(before)
      await before.close()
      const spool = await open(t, { folder, keepsDrained: true })
      await spool.append([batch('2')])
      t.strictSame(await all(spool), ['2', '1'])
      t.strictSame(drained(folder), ['0000000000000001.drained', '0000000000000002.drained'])
    })

    await t.test('gives back deferred batches that were not stored, once', async (t) => {
      const spool = await open(t, { keepsDrained: true })
      await spool.append([batch('1'), batch('2')])
      const { batches } = (await spool.next(9))!
      await spool.finishPortion(batches.slice(1))
      await spool.drainAgain()
      t.strictSame(spool.deferred, [])
      t.strictSame(await all(spool), ['1', '2'])
      await spool.finishDeferred(batches[1]!)
      t.equal(spool.segments, 0)
    })

    await t.test('leaves damaged parts out the second time', async (t) => {
      const folder = temporaryFolder(t)
      writeFileSync(join(folder, '0000000000000001.spool'), Buffer.concat([fileHeader, toFrame(batch('1')), Buffer.from('damaged')]))
      const spool = await open(t, { folder, keepsDrained: true })
      t.equal((await spool.next(9))!.damages.length, 1)
      await spool.finishPortion()
      await spool.drainAgain()
      t.match(await spool.next(9), { batches: { length: 1 }, damages: [] })
    })

    await t.test('deletes the oldest where room is short, and what was kept for an hour', async (t) => {
      const spool = await open(t, { keepsDrained: true, limit: 100_000 })
      for (const message of ['1', '2', '3']) {
        await spool.append([batch(message.repeat(30_000))])
        await all(spool)
      }
      t.equal(drained(spool.folder).length, 3)
      await spool.append([batch('4'.repeat(30_000))])
      await spool.append([batch('5'.repeat(30_000))])
      t.equal(drained(spool.folder).length, 1)
      await spool.append([batch('6'.repeat(30_000))])
      await t.rejects(spool.append([batch('7'.repeat(30_000))]), new SpoolFull())
      t.equal((await all(spool)).length, 3)

      const [first] = drained(spool.folder)
      const longAgo = Date.now() / 1000 - 3600
      await spool.close()
      utimesSync(join(spool.folder, first!), longAgo, longAgo)
      const again = await open(t, { folder: spool.folder, keepsDrained: true })
      await all(again)
      t.strictSame(drained(spool.folder), [])
    })

    await t.test('deletes it once it is no longer to keep it', async (t) => {
      const folder = temporaryFolder(t)
      const before = await Spool.open({ folder, keepsDrained: true })
      await before.append([batch('1')])
      await all(before)
      await before.close()
      const spool = await open(t, { folder })
      await all(spool)
      t.strictSame(drained(folder), [])
    })
  })

  await t.test('belongs to one process, until that is gone', async (t) => {
    const folder = temporaryFolder(t)
    const first = await Spool.open({ folder })
    await t.rejects(Spool.open({ folder }), { message: `${folder}: another instance uses this folder; each instance needs its own` })
    const script = `import { Spool } from '${new URL('../../../src/write/spool.ts', import.meta.url).href}'
      Spool.open({ folder: ${JSON.stringify(folder)} }).then(() => process.kill(process.pid, 'SIGKILL'), (error) => console.log(error.message))`
    const other = () => run(process.execPath, ['--import=tsx', '--input-type=module', '-e', script])
    t.match((await other()).stdout, 'another instance')
    await first.close()
    t.match(await other(), { code: null, stdout: '' })
    await (await Spool.open({ folder })).close()
  })

  await t.test('says why a folder can\'t be used', async (t) => {
    const folder = temporaryFolder(t)
    appendFileSync(join(folder, 'file'), '')
    mkdirSync(join(folder, 'occupied/lock'), { recursive: true })
    await t.rejects(Spool.open({ folder: join(folder, 'file') }), { constructor: SpoolUnavailable, message: /it is not a folder/ })
    await t.rejects(Spool.open({ folder: join(folder, 'occupied') }), { constructor: SpoolUnavailable, message: /the folder is not writable/ })
  })
})

t.test('what no table takes is kept in files that are bounded, and refused past that', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, '1.kept'), '')
  // A sparse file takes no room on the disk.
  truncateSync(join(folder, '1.kept'), maxKeptBytes - 2000)
  await keepBatch(folder, batch('small'))
  await t.rejects(keepBatch(folder, { ...batch('x'.repeat(2000)), firstId: 5n }), { constructor: KeptFull, message: /see: loggerbot spool kept/ })
  await keepBatch(folder, batch('again'))
  t.strictSame((await listKept(folder)).map(({ file }) => file), ['1.kept', `${2n ** 60n}.kept`])
  t.strictSame(messages([(await readKept(folder, `${2n ** 60n}.kept`))!]), ['again'])
  t.ok(await deleteKept(folder, '1.kept'))
  t.notOk(await deleteKept(folder, '../1.kept'))
  await keepBatch(folder, { ...batch('x'.repeat(2000)), firstId: 5n })
})

t.test('a folder that processes share', async (t) => {
  const id = '01234567-89ab-cdef-0123-456789abcdef'
  const root = join(temporaryFolder(t), 'spool')
  const open = async () => {
    const spool = await openHome({ folder: root, isShared: true })
    await claimFolder(spool.folder, id)
    return spool
  }
  const [first, second, third] = [await open(), await open(), await open()]
  t.teardown(() => first.close())

  await t.test('gives each a home of its own', async (t) => {
    t.strictSame([first, second, third].map(({ folder }) => folder), [root, join(root, 'worker-2'), join(root, 'worker-3')])
    await t.rejects(openHome({ folder: root }), { message: /another instance uses this folder/ })
  })

  await t.test('gives the home of a process that ended to the next', async (t) => {
    await second.append([batch('of the second')])
    await second.close()
    const successor = await open()
    t.equal(successor.folder, second.folder)
    t.equal(successor.segments, 1)
    await successor.close()
  })

  await t.test('moves what such a home holds to another process, and leaves homes that are in use alone', async (t) => {
    await keepBatch(second.folder, batch('kept'))
    writeFileSync(join(second.folder, 'users'), '')
    await third.append([batch('of the third')])
    await first.append([batch('of the first')])
    await adoptAbandoned(root, first.folder, id, first)
    t.strictSame(messages((await first.next(10))!.batches), ['of the first'])
    await first.finishPortion()
    t.strictSame(messages((await first.next(10))!.batches), ['of the second'])
    await first.finishPortion()
    t.equal((await listKept(root)).length, 1)
    t.notOk(readdirSync(second.folder).includes('users'), 'it would not learn of changes')
    t.equal(third.segments, 1)
  })

  await t.test('moves what such a home has drained, too', async (t) => {
    const other = await openHome({ folder: root, isShared: true, keepsDrained: true })
    await other.append([batch('drained')])
    await other.next(1)
    await other.finishPortion()
    await other.close()
    await adoptAbandoned(root, first.folder, id, first)
    t.match(await first.next(10), { batches: [{ records: [{ message: 'drained' }] }], isAgain: true })
    await first.finishPortion()
    t.equal(await first.next(10), undefined)
    t.strictSame(readdirSync(other.folder).filter((name) => name.endsWith('.drained')), [])
  })

  await t.test('leaves what belongs to another database', async (t) => {
    await third.close()
    await adoptAbandoned(root, first.folder, id.replace('0', 'f'), first)
    t.equal(first.segments, 0)
    await adoptAbandoned(root, first.folder, id, first)
    t.equal(first.segments, 1)
  })
})
