import type { DefineTest } from '../helpers/client.ts'
import { http } from '../helpers/http.ts'

/** Python's HTTPHandler. */
export default function (test: DefineTest): void {
  for (const method of ['POST', 'GET']) {
    test(`Python's HTTPHandler arrives by ${method} in order, with its fields`, async (t, { run, logs: arrived }) => {
      await run('python-httphandler.py', { METHOD: method })
      const logs = await arrived()
      t.match(logs, [
        { level: 'info', process: 'MainProcess', description: 'shop', message: 'order %s paid', attributes: { args: '(7,)', customer: 'Привет 🙂 & = +', levelno: 20, lineno: Number, msecs: Number, funcName: '<module>' } },
        { level: 'warning', message: 'late', attributes: { levelno: 30 } },
        { level: 'error', message: 'failed', attributes: { exc_info: /ZeroDivisionError/ } }
      ])
      t.ok(logs.every(({ pid }) => pid > 0))
      t.ok(logs.every(({ at }) => Math.abs(Date.parse(`${at.slice(0, 23).replace(' ', 'T')}Z`) - Date.now()) < 600_000))
      t.notOk(Object.hasOwn(logs[1]!.attributes!, 'exc_text'))
    })
  }

  test('Python\'s HTTPHandler is refused where it sends no record, or nobody\'s', async (t, { port, token, logs }) => {
    const authorization = `Bearer ${token}`
    t.match(await http(port, 'POST', '/api/logs/python', { authorization }, 'a=1'), { status: 400, body: /msg is missing/ })
    t.match(await http(port, 'POST', '/api/logs/python', { authorization }), { status: 400 })
    t.match(await http(port, 'GET', '/api/logs/python?msg=a'), { status: 401, headers: { 'www-authenticate': /Bearer/ } })
    t.match(await http(port, 'GET', '/api/logs/python?msg=a&created=absurd&levelname=LOUD&levelno=35&thread=12345678901234567890', { authorization }), { status: 200, body: '{"accepted":1,"rejected":0,"errors":[]}' })
    t.match(await logs(), [{ message: 'a', level: 'warning', attributes: { created: 'absurd', levelname: 'LOUD', thread: '12345678901234567890' } }])
  })
}
