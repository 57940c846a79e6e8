import { readFile } from 'node:fs/promises'
import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'

const secrets = /anna|4111|hunter2|A-1042/

// One database is enough: the page knows none, and what it asks for is tested over HTTP on each of them.
for (const database of databases.slice(0, 1)) {
  t.test(`the frame of the page on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    const { port, knex } = service
    await createUser(service, 'boss')
    await knex('users').where('username', 'boss').update({ admin: true })
    t.match(await post(port, '/api/logs', [
      { message: 'mail to anna@example.com', process: 'api', http: { password: 'hunter2' }, card: '4111 1111 1111 1111' }, { message: 'order A-1042', process: 'api' }
    ], basic('boss')), { status: 200 })

    const address = `http://127.0.0.1:${port}/`
    const tab = await openTab(t)
    const { page } = tab
    await page.goto(address)
    await signIn(tab, 'boss')
    await page.getByText('anna@example.com').first().waitFor()

    await t.test('gives the focus to the screen that was navigated to, and names it in the title', async (t) => {
      await page.getByRole('button', { name: 'boss' }).click()
      await page.getByRole('link', { name: 'Storage' }).click()
      await page.locator('h1:focus').getByText('Storage').waitFor()
      t.equal(await page.title(), 'Storage · LoggerBot')
      await page.goto(`${address}?q=order`)
      await page.locator('.row').first().waitFor()
      t.equal(await page.title(), 'order · LoggerBot')
      await page.getByRole('link', { name: 'Errors' }).click()
      await page.locator('h1:focus').waitFor()
      await page.getByRole('link', { name: 'Logs' }).click()
      await page.waitForURL(/\?q=order$/)
    })

    await t.test('has a skip link that leaves the address as it is', async (t) => {
      await page.goto(`${address}?q=order`)
      await page.locator('.row').first().waitFor()
      await page.keyboard.press('Tab')
      await page.locator('.skip:focus').press('Enter')
      await page.locator('#content:focus, #content h1:focus').waitFor()
      t.equal(page.url(), `${address}?q=order`)
    })

    await t.test('finds commands and screens in the palette, by keys alone', async (t) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Find a command' }).fill('AUD')
      const option = page.getByRole('option', { name: 'Audit' })
      await option.waitFor()
      t.equal(await page.getByRole('combobox', { name: 'Find a command' }).getAttribute('aria-activedescendant'), await option.getAttribute('id'))
      await page.keyboard.press('Enter')
      await page.waitForURL(/v=audit/)
      await page.locator('h1:focus').waitFor()
    })

    await t.test('lists all keys, and switches them off', async (t) => {
      await page.goto(address)
      await page.locator('.row').first().waitFor()
      await page.keyboard.press('?')
      await page.getByRole('dialog').getByText('Choose the time range').waitFor()
      await screenshot(tab, `keys-${database.name}`)
      await page.getByLabel('Keys without Ctrl').uncheck()
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Find a command' }).waitFor()
      t.equal(await page.getByLabel('Keys without Ctrl').count(), 0)
      await page.keyboard.press('Escape')
    })

    await t.test('switches the language and the theme in the menu', async (t) => {
      await page.getByRole('button', { name: 'boss' }).click()
      await page.getByRole('radio', { name: 'Dark' }).check()
      t.equal(await page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor), 'rgb(15, 18, 22)')
      await page.getByRole('radio', { name: 'Русский' }).check()
      await page.getByRole('link', { name: 'Ошибки' }).waitFor()
      t.equal(await page.locator('html').getAttribute('lang'), 'ru')
      await page.getByRole('radio', { name: 'English' }).check()
      await page.keyboard.press('Escape')
    })

    await t.test('masks private texts on the screen and in an export, and stores them as they were', async (t) => {
      await page.getByRole('button', { name: 'boss' }).click()
      await page.getByRole('button', { name: 'Rules' }).click()
      await page.getByLabel('Regular expressions').fill('A-\\d+')
      await page.getByLabel('Mask now').check()
      await page.keyboard.press('Escape')
      await page.getByText('mail to █████').first().click()
      await page.locator('.detail').getByText('█████').nth(2).waitFor()
      await screenshot(tab, `masked-${database.name}`)
      t.notMatch(await page.locator('body').innerText(), secrets)
      await page.goto(`${address}?q=A-1042`)
      await page.getByText('order █████').first().waitFor()
      t.equal(await page.title(), '█████ · LoggerBot')

      await page.goto(address)
      await page.getByText('mail to █████').first().waitFor()
      await page.getByRole('button', { name: 'Export the logs' }).click()
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()])
      const file = await readFile(await download.path(), 'utf8')
      t.match(file, /"mail to █████"/)
      t.notMatch(file, secrets)
      t.equal((await knex('user_logs').where('log_msg', 'mail to anna@example.com')).length, 1)
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}

t.test('the frame at 320 px', { skip: noBrowser }, async (t) => {
  const [database] = databases
  const service = await startService(t, database!)
  await createUser(service, 'boss')
  t.match(await post(service.port, '/api/logs', { message: 'hello' }, basic('boss')), { status: 200 })
  for (const [name, height] of [['a phone', 640], ['400 % zoom', 256]] as const) {
    await t.test(`shows all of it on ${name}`, async (t) => {
      const tab = await openTab(t, { viewport: { width: 320, height }, locale: 'ru-RU' })
      const { page } = tab
      await page.goto(`http://127.0.0.1:${service.port}/`)
      await signIn(tab, 'boss')
      await page.getByText('hello').first().scrollIntoViewIfNeeded()
      t.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'nothing is wider than the window')
      await page.getByRole('button', { name: 'boss' }).click()
      await page.getByRole('button', { name: 'Выйти' }).scrollIntoViewIfNeeded()
      t.ok(await page.getByRole('button', { name: 'Выйти' }).evaluate((button) => {
        const { bottom, right } = button.getBoundingClientRect()
        return bottom <= innerHeight && right <= innerWidth
      }))
    })
  }
})
