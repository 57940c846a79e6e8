import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn } from '../helpers/browser.ts'
import { createToken, createUser, startService } from '../helpers/service.ts'
import { post } from '../helpers/http.ts'

for (const database of databases.filter(({ name }) => name !== 'MySQL')) {
  t.test(`the first visit on ${database.name}`, { skip: noBrowser }, async (t) => {
    let code = ''
    const service = await startService(t, database, { onSetupCode: (printed) => { code = printed } })
    const tab = await openTab(t)
    const { page } = tab
    const address = `http://127.0.0.1:${service.port}/`

    await t.test('makes the first user by the code of the terminal, and says at its field that it is wrong', async () => {
      await page.goto(address)
      await page.fill('input[name=user]', 'me')
      await page.fill('input[name=password]', 'password')
      await page.fill('input[name=code]', 'wrong')
      await page.getByRole('button', { name: 'Make the user' }).click()
      await page.locator('input[name=code][aria-invalid=true]').waitFor()
      await page.fill('input[name=code]', code)
      await screenshot(tab, `first-visit-${database.name}`)
      await page.getByRole('button', { name: 'Make the user' }).click()
      await page.getByText('Waiting for a log').waitFor()
    })

    await t.test('turns into the list, with the log open, once the first one arrives', async (t) => {
      await page.getByRole('button', { name: 'Make a token' }).click()
      await page.getByText('The token is in the lines below').waitFor()
      const line = await page.locator('.copyable pre').innerText()
      t.match(line, `${address}api/logs`)
      const { stdout } = await promisify(execFile)('bash', ['-c', line])
      t.match(JSON.parse(stdout), { accepted: 1 })
      await page.locator('.detail').getByText('hello').first().waitFor()
      await page.getByText('Press / to search').waitFor()
    })

    await t.test('sends: shows the log that arrives while the screen is open', async () => {
      // The page follows from the answer to this on.
      const follows = page.waitForResponse((response) => response.url().includes('/api/logs/tail'))
      await page.goto(`${address}?v=send`)
      await follows
      const token = await createToken(service, 'me')
      await post(service.port, '/api/logs', { msg: 'while it is open', name: 'shop' }, { authorization: `Bearer ${token}` })
      await page.getByText('shop: while it is open').waitFor()
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })

  t.test(`signing in on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database, { onSetupCode: () => {} })
    const tab = await openTab(t)
    const { page } = tab

    await t.test('follows once the terminal made a user', async () => {
      await page.goto(`http://127.0.0.1:${service.port}/`)
      await page.locator('[aria-current=step]').getByText('Make a user').waitFor()
      await createUser(service, 'me')
      await page.locator('[aria-current=step]').getByText('Sign in').first().waitFor()
    })

    await t.test('says what is wrong, and takes a token in place of the password', async () => {
      await signIn(tab, 'me', 'wrong')
      await page.getByText('do not belong together').waitFor()
      await signIn(tab, '', await createToken(service, 'me', ['read']))
      await page.getByText('this session can only read').waitFor()
    })

    t.strictSame(tab.faults, [])
  })
}
