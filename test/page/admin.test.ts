import t from 'tap'
import { deadLettersOf } from '../../src/store/dead-letters.ts'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, createUser, startService, type TestService } from '../helpers/service.ts'
import { http, post } from '../helpers/http.ts'
import { growthOf } from '../../web/app/admin/growth.ts'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`administration on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    const { port, knex } = service
    for (const user of ['boss', 'alice']) await createUser(service, user)
    await knex('users').where('username', 'boss').update({ admin: true })
    t.match(await post(port, '/api/logs', [{ msg: 'old', time: new Date(Date.now() - 90 * 86_400_000).toISOString() }, { msg: 'new' }], basic('alice')), { status: 200 })
    await bury(service, 'alice')

    const address = `http://127.0.0.1:${port}/`
    const tab = await openTab(t)
    const { page } = tab
    await page.goto(`${address}?v=users`)
    await signIn(tab, 'boss')

    await t.test('adds a user, whose password is shown once', async (t) => {
      await page.getByRole('row', { name: /^alice User 2/ }).waitFor()
      await page.getByRole('button', { name: 'Add a user' }).click()
      await page.fill('dialog input[name=name]', 'alice')
      await page.getByRole('button', { name: 'Add a user' }).last().click()
      await page.getByText('There is a user of this name.').waitFor()
      await page.fill('dialog input[name=name]', 'dave')
      await page.getByRole('button', { name: 'Add a user' }).last().click()
      const password = await page.locator('dialog .copyable pre').innerText()
      t.match(await http(port, 'GET', '/api/session', basic('dave', password)), { status: 200 })
      await page.getByRole('button', { name: 'Done' }).click()
      await page.getByRole('row', { name: /^dave User 0 never/ }).waitFor()
      t.equal(await page.getByText(password).count(), 0)
    })

    await t.test('changes a user, and says before what it will do', async (t) => {
      await page.getByRole('button', { name: 'Change alice' }).click()
      await page.getByText('The 2 logs of this user stay.').waitFor()
      await page.getByLabel('Disabled').check()
      await page.getByLabel('for a number of days').check()
      await page.getByText('1 log is older, and is deleted within an hour.').waitFor()
      await screenshot(tab, `change-user-${database.name}`)
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('row', { name: /^alice User 2 .* 30 days disabled/ }).waitFor()
      t.match(JSON.parse((await http(port, 'GET', '/api/users', basic('boss'))).body), { users: [{ name: 'alice', disabled: true, retentionDays: 30, admin: false }, {}, {}] })

      await page.getByRole('button', { name: 'Change boss' }).click()
      await page.getByLabel('Administrator').uncheck()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('No enabled administrator would be left.').waitFor()
      await page.keyboard.press('Escape')
    })

    await t.test('tells what the logs take', async () => {
      await page.getByRole('link', { name: 'Storage' }).click()
      await page.locator('.facts').getByText('Word index').waitFor()
      await page.getByRole('row', { name: /^user_logs \d/ }).waitFor()
      await screenshot(tab, `storage-${database.name}`)
    })

    await t.test('replays and deletes dead letters', async (t) => {
      await page.getByRole('link', { name: 'Dead letters' }).click()
      await page.getByText('2 dead letters').waitFor()
      await page.getByText('pid too large').click()
      await page.locator('details[open] pre').getByText('"message": "buried"').waitFor()
      await page.getByRole('button', { name: 'Replay', exact: true }).first().click()
      await page.getByText('It becomes a log of alice').waitFor()
      await page.locator('dialog').getByRole('button', { name: 'Replay' }).click()
      await page.getByText('1 dead letter', { exact: true }).waitFor()
      t.equal((await knex('user_logs').where('log_msg', 'buried')).length, 1)
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.locator('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByText('No dead letters.').waitFor()
    })

    await t.test('lists who changed what, and filters it', async () => {
      await page.getByRole('link', { name: 'Audit' }).click()
      await page.getByRole('row', { name: /boss dead-letter.delete/ }).waitFor()
      await page.getByLabel('Filter').fill('retentionDays')
      await page.getByText(/^1 of \d+ entries/).waitFor()
      await page.getByRole('row', { name: /boss user.change .*user: alice/ }).waitFor()
    })

    await t.test('says to others in words that it is not for them', async () => {
      await createUser(service, 'bob')
      const other = await openTab(t)
      await other.page.goto(`${address}?v=storage`)
      await signIn(other, 'bob')
      await other.page.getByText('Only administrators see this').waitFor()
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}

t.test('growth is that of whole days, and tells when the disk is full', async (t) => {
  const storage: Parameters<typeof growthOf>[0] = {
    database: { kind: 'sqlite', version: '3', bytes: 0, freeBytes: 20_000 },
    tables: [{ name: 'user_logs', rows: 10, bytes: 1000 }],
    logs: { oldest: null, newest: null, arrived: [{ day: '2026-11-24', logs: 10 }, { day: '2026-11-25', logs: 30 }, { day: '2026-11-26', logs: 1 }] }
  }
  t.strictSame(growthOf(storage, '2026-11-26'), { bytesPerDay: 2000, fullInSeconds: 10 * 86_400 })
  t.strictSame(growthOf({ ...storage, tables: null }, '2026-11-26'), undefined)
})

/** Two records that were refused once, and that the server accepts by now. */
async function bury ({ knex }: TestService, username: string): Promise<void> {
  const { id: userId } = await knex('users').where({ username }).first('id')
  const letters = deadLettersOf(knex)
  for (const [id, reason] of [['116178436915953664', 'pid too large'], ['116178436915953665', 'level unknown']]) {
    await letters.insert({ id: id!, userId, source: 'json', record: JSON.stringify({ message: 'buried' }), reason: reason! })
  }
}
