import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, count, createUser, startService } from '../helpers/service.ts'
import { http, post } from '../helpers/http.ts'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`the account on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    const logs = Array.from({ length: 12 }, (_, index) => ({ message: `log ${index}`, level: index < 5 ? 'error' : 'info' }))
    t.match(await post(service.port, '/api/logs', logs, basic('me')), { status: 200 })
    const tab = await openTab(t)
    const { page } = tab
    const address = `http://127.0.0.1:${service.port}/`
    const dialog = page.locator('dialog')
    await page.goto(`${address}?v=account`)
    await signIn(tab, 'me')

    await t.test('makes a token that is shown once and works, and revokes it', async (t) => {
      await page.getByRole('button', { name: 'New token' }).click()
      await dialog.getByLabel('Name').fill('of the page')
      await dialog.getByLabel('read:').check()
      await dialog.getByLabel('Expires').selectOption('30d')
      await dialog.getByRole('button', { name: 'Make the token' }).click()
      const token = await dialog.locator('pre').first().innerText()
      const authorization = { authorization: `Bearer ${token}` }
      t.match(await http(service.port, 'GET', '/api/logs', authorization), { status: 200 })
      t.match(await post(service.port, '/api/logs', { message: 'by the token' }, authorization), { status: 200 })
      await page.keyboard.press('Escape')
      await page.getByRole('row', { name: /of the page .*write, read|of the page .*read, write/ }).waitFor()
      t.notMatch(await page.content(), token)
      await page.getByRole('button', { name: 'Revoke of the page' }).click()
      await dialog.getByRole('button', { name: 'Revoke', exact: true }).click()
      await page.getByText('None yet.').waitFor()
    })

    await t.test('lists the sessions, and signs out everywhere else', async (t) => {
      const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
      const other = await post(service.port, '/api/session', { user: 'me', password: 'password' }, headers)
      const [cookie = ''] = other.headers['set-cookie'] ?? []
      await page.reload()
      await page.getByRole('row', { name: 'Firefox · Linux' }).waitFor()
      await page.getByRole('row', { name: /this one/ }).waitFor()
      await screenshot(tab, `account-${database.name}`)
      await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
      await dialog.getByText('1 other session ends').waitFor()
      await dialog.getByRole('button', { name: 'Sign out', exact: true }).click()
      await page.getByText('1 session has ended.').waitFor()
      t.match(await http(service.port, 'GET', '/api/session', { cookie: cookie.split(';', 1)[0] ?? '' }), { status: 401 })
    })

    await t.test('says what is used and kept', async () => {
      await page.getByText('14 days: 13 logs').waitFor()
      await page.getByText('Logs are kept for ever.').waitFor()
    })

    await t.test('keeps settings for all browsers of the user', async (t) => {
      const saved = page.waitForResponse((response) => response.url().endsWith('/api/settings') && response.request().method() === 'PUT')
      await page.getByLabel('Dark').last().check()
      await saved
      t.match(JSON.parse((await http(service.port, 'GET', '/api/settings', basic('me'))).body), { page: { theme: 'dark' } })
      t.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
      await page.getByLabel('UTC', { exact: true }).check()
      await page.getByRole('link', { name: 'Logs' }).click()
      await page.locator('.limits').getByText('UTC').waitFor()
      t.equal(page.url(), address, 'the zone of the settings is no part of the address')
      await page.goBack()
    })

    await t.test('changes the password, and says at its field that the old one is wrong', async (t) => {
      await page.getByLabel('Current password').fill('wrong')
      await page.getByLabel('New password').fill('another')
      await page.getByRole('button', { name: 'Change the password' }).click()
      await page.getByText('This is not your password.').waitFor()
      await page.getByLabel('Current password').fill('password')
      await page.getByRole('button', { name: 'Change the password' }).click()
      await page.getByText('The password is changed.').waitFor()
      t.match(await http(service.port, 'GET', '/api/session', basic('me', 'another')), { status: 200 })
    })

    await t.test('deletes what the list shows, once its number is typed', async (t) => {
      await page.goto(`${address}?q=level%3Aerror`)
      await page.locator('.row').first().waitFor()
      await page.locator('.top-user').click()
      await page.getByRole('link', { name: 'Account' }).click()
      await page.getByRole('button', { name: 'Delete what the list shows' }).click()
      await dialog.getByText('5 logs will be deleted for good.').waitFor()
      await dialog.getByLabel('Type 5 to go on').fill('4')
      await dialog.getByRole('button', { name: 'Delete for good' }).click()
      t.ok(await dialog.locator('input:invalid').count(), 'another number is refused')
      await dialog.getByLabel('Type 5 to go on').fill('5')
      await dialog.getByRole('button', { name: 'Delete for good' }).click()
      await page.getByText('5 logs were deleted.').waitFor()
      t.equal(await count(service.knex), 8)
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}
