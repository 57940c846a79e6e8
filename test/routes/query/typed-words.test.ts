// What people type finds what they see: in searches, counts, tails and deletions.
import t from 'tap'
import { parseFilter } from '../../../src/query/parse.ts'
import { fold, valuePiece } from '../../../src/text/fold.js'
import { steadyPieces } from '../../../src/text/prefilter.js'
import { databases } from '../../helpers/databases.ts'
import { followTail } from '../../helpers/events.ts'
import { http, post } from '../../helpers/http.ts'
import { basic, createUser, startService, type TestService } from '../../helpers/service.ts'

interface Group {
  logs: Array<string | Record<string, unknown>>
  /** Of each query the places of the logs that it finds. */
  finds: Record<string, number[]>
}

const groups: Record<string, Group> = {
  'escape sequences of terminals are no letters and hide nothing': {
    logs: [
      '\u001b[31merror\u001b[0m: \u001b[1mpayment\u001b[22m failed for \u001b[36morder\u001b[39m',
      'pay\u001b[01;31m\u001b[Kment\u001b[m\u001b[K refused',
      '\u001b]0;title\u0007prompt \u001b]8;;http://a.b/c\u001b\\link\u001b]8;;\u001b\\ ends',
      'left\u001b[10Cright \u001b(B\u001b[mplain \u001b[38;2;1;2;3mcolour\u001b[0m',
      'not closed \u001b]0;visible, \u001b[ open, last \u001b'
    ],
    finds: {
      error: [0],
      payment: [0, 1],
      failed: [0],
      order: [0],
      '"payment failed"': [0],
      'pay*': [0, 1],
      '"error: payment failed"': [0],
      '31m*': [],
      '"payment refused"': [1],
      prompt: [2],
      '"link ends"': [2],
      left: [3],
      right: [3],
      '"right plain colour"': [3],
      visible: [4],
      '"open, last"': [4],
      '*rror*': [0],
      '*ayment*': [0],
      '-error': [1, 2, 3, 4],
      '"\u001b[1mpayment\u001b[22m failed"': [0]
    }
  },
  'words of scripts without blanks are found within others': {
    logs: ['数据库连接失败', '铁路12306无法访问timeout错误', 'データベース接続エラー', 'ระบบล้มเหลว', 'ប្រព័ន្ធបរាជ័យ', 'ລະບົບລົ້ມເຫຼວ', '데이터베이스에 연결할 수 없습니다', 'စနစ်ပျက်', 'Ошибка ПЛАТЕЖА', 'İSTANBUL Straße οδός'],
    finds: {
      连接: [0],
      '*连接*': [0],
      数据库: [0],
      库: [0],
      接连: [],
      数据失败: [],
      12306: [1],
      timeout: [1],
      1230: [],
      time: [],
      'time*': [1],
      '错误 timeout': [1],
      接続: [2],
      エラー: [2],
      ラー: [2],
      ล้มเหลว: [3],
      ระบบ: [3],
      បរាជ័យ: [4],
      ລົ້ມ: [5],
      데이터베이스: [6],
      연결: [6],
      ပျက်: [7],
      платежа: [8],
      ОШИБКА: [8],
      плате: [],
      istanbul: [9],
      STRASSE: [],
      straße: [9],
      ΟΔΌΣ: [9],
      '连接 OR エラー': [0, 2],
      '"数据库连接"': [0]
    }
  },
  'letters are the same composed and decomposed, in any case': {
    logs: ['un café ferme', 'un cafe\u0301 ferme', 'CAFE\u0301', 'отменённый заказ', 'отменённый заказ'.normalize('NFD'), 'ガス'.normalize('NFD'), 'ガス', '각'.normalize('NFD'), '각', 'cafe'],
    finds: {
      café: [0, 1, 2], café: [0, 1, 2], CAFÉ: [0, 1, 2], '"un café"': [0, 1], cafe: [9], 'caf*': [0, 1, 2, 9], отменённый: [3, 4], 'отменённый*': [3, 4], ガス: [5, 6], カス: [], 각: [7, 8], 'note:café': [2], 'note:отменённый*': [3, 4], 'note:각': [7, 8]
    }
  },
  'white space within a phrase is any white space': {
    logs: ['payment\tfailed', 'payment  failed', 'payment\nfailed', 'payment\r\nfailed', 'payment\u00a0failed', 'payment failed', 'payment \t\u3000 failed', 'paymentfailed', 'payment, failed'],
    finds: { '"payment failed"': [0, 1, 2, 3, 4, 5, 6], '"payment  failed"': [0, 1, 2, 3, 4, 5, 6], '"payment\tfailed"': [0, 1, 2, 3, 4, 5, 6], 'payment failed': [0, 1, 2, 3, 4, 5, 6, 8], 'payment\\ failed': [0, 1, 2, 3, 4, 5, 6], '-"payment failed"': [7, 8], '"payment fail*"': [], 'payment\\ fail*': [0, 1, 2, 3, 4, 5, 6] }
  },
  'numbers compare as numbers also where they came as text': {
    logs: [{ code: '503' }, { code: 503 }, { code: '9007199254740993' }, { code: '-1.50' }, { code: '1e3' }, { code: '0503' }, { code: '503 ms' }, { code: true }, { code: '12345678901234567890123456789.000000000000000000000000000001' }],
    finds: {
      'code:503': [0, 1],
      'code:>=503': [0, 1, 2, 4, 5, 8],
      'code:[503 TO 503]': [0, 1, 5],
      'code:<0': [3],
      'code:[-1.5 TO -1.5]': [3],
      'code:>9007199254740992': [2, 8],
      'code:>9007199254740993': [8],
      'code:<=9007199254740992': [0, 1, 3, 4, 5],
      'code:[1000 TO 1000]': [4],
      'code:[1e3 TO 1e3]': [4],
      'code:>12345678901234567890123456789': [8],
      'code:<12345678901234567890123456789.1 code:>1e20': [8],
      'code:9007199254740993': [2],
      'code:9007199254740992': []
    }
  },
  'what is pasted is found as it is': {
    logs: [
      '10.0.0.1:8080 refused', 'GET http://example.com/a?b=1&c=[2] 200', 'open C:\\Temp\\new.txt failed', '2026-11-20T09:15:00Z 550e8400-e29b-41d4-a716-446655440000', 'at 09:15:00 by DOMAIN\\user', 'connect localhost:5432', 'std::vector::at', 'from fe80::1 and ::1',
      'mac aa:bb:cc:dd:ee:ff', '\\\\server\\share\\file.txt', 'file:///etc/hosts', 'C:/Temp/a b.txt', 'urn:isbn:123', { trace: 'ab:cd', message: 'x' }, 'Program Files\\x.exe', 'dir D:\\Temp\\ is full'
    ],
    finds: {
      '10.0.0.1:8080': [0],
      '10.0.0.1:80': [],
      '10.0.0.1:*': [0],
      '-10.0.0.1:8080 refused': [],
      'http://example.com/a': [1],
      'http://example.com/a?b=1&c=[2]': [1],
      '(http://example.com/a OR nothing)': [1],
      'C:\\Temp\\new.txt': [2],
      'c:\\temp\\n*': [2],
      'C:\\\\Temp\\\\new.txt': [2],
      '"C:\\Temp\\new.txt"': [2],
      '"C:\\\\Temp\\\\new.txt"': [2],
      '2026-11-20T09:15:00Z': [3],
      '09:15:00': [3, 4].slice(1),
      'DOMAIN\\user': [4],
      'localhost:5432': [5],
      'std::vector': [6],
      'std::vector::at': [6],
      'fe80::1': [7],
      '::1': [7],
      'aa:bb:cc:dd:ee:ff': [8],
      '\\\\server\\share': [9],
      'file:///etc/hosts': [10],
      'C:/Temp/a': [11],
      'urn:isbn:123': [12],
      'trace:ab:cd': [13],
      'trace:"ab:cd"': [13],
      'Files\\x.exe': [14],
      'D:\\Temp\\': [15],
      'D:\\Temp\\ full': [15],
      'D:\\T*\\': [15],
      '"Files\\x.exe"': [14]
    }
  },
  'names may have dots at any joint': {
    logs: [
      { 'http.request.method': 'GET' }, { http: { request: { method: 'GET' } } }, { 'http.request': { method: 'GET' } }, { http: { 'request.method': 'GET' } }, { http: { request: 'GET' } }, { resource: { 'service.version': '1.2.3', 'k8s.pod.name': 'shop-1' } },
      { a: { b: { 'c.d': { 'e.f': 7 } } } }, { a: { 'b.c.d.e.f.g.h.i': 'far' } }
    ],
    finds: {
      'http.request.method:GET': [0, 1, 2, 3],
      'http.request.method:*': [0, 1, 2, 3],
      'http.request.method:/^G/': [0, 1, 2, 3],
      '-http.request.method:GET': [4, 5, 6, 7],
      'resource.service.version:1.2.3': [5],
      'resource.k8s.pod.name:shop-1': [5],
      'a.b.c.d.e.f:>6': [6],
      'a.b.c.d.e.f.g.h.i:far': [7],
      'http.request:GET': [4]
    }
  },
  'the log\'s own fields are reached where the server has such names, too': {
    logs: [{ user: 'bob', level: 'GOLD', pid: 'worker-7', message: 'second', msg: 'first', description: 'from the app', process: { title: 'w' } }, { attributes: { user: 'eve' }, msg: 'nested' }],
    finds: { 'attributes.user:bob': [0], 'attributes.level:gold': [0], 'attributes.pid:worker-7': [0], 'attributes.user:*': [0, 1], 'attributes.user:eve': [1], 'attributes.process.title:w': [0], 'process.title:w': [0], 'attributes.user:(bob OR eve)': [0, 1] }
  }
}

async function search (service: TestService, user: string, query: string): Promise<number[]> {
  const { status, body } = await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query, order: 'oldest' })}`, basic(user))
  if (status !== 200) throw new Error(`${query}: ${status} ${body}`)
  return JSON.parse(body).logs.map(({ attributes }: { attributes: { place: number } }) => attributes.place)
}

async function countOf (service: TestService, user: string, query: string): Promise<number> {
  const { body } = await http(service.port, 'GET', `/api/logs/values?${new URLSearchParams({ query, field: 'process' })}`, basic(user))
  return JSON.parse(body).values.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
}

async function deletable (service: TestService, user: string, query: string): Promise<number> {
  const { body } = await http(service.port, 'DELETE', `/api/logs?${new URLSearchParams({ query })}`, basic(user))
  return JSON.parse(body).logs
}

function written ({ logs }: Group): Array<Record<string, unknown>> {
  return logs.map((log, place) => ({ msg: 'said', ...typeof log === 'string' ? { msg: log, note: log } : log, place, time: `2026-01-01T00:00:${String(place).padStart(2, '0')}Z` }))
}

for (const database of databases) {
  t.test(`on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    for (const [index, [name, group]] of Object.entries(groups).entries()) {
      await t.test(name, async (t) => {
        const user = `user${index}`
        await createUser(service, user)
        // A tail for all queries is held against each log by the same test.
        const [first] = Object.entries(group.finds)
        const tail = await followTail(t, service, basic(user), first![0])
        const last = `last ${index}`
        const end = await followTail(t, service, basic(user), `"${last}"`)
        t.match(await post(service.port, '/api/logs', written(group), basic(user)), { status: 200 })
        for (const [query, expected] of Object.entries(group.finds)) {
          t.strictSame(await search(service, user, query), expected, query)
          t.equal(await countOf(service, user, query), expected.length, `counts ${query}`)
        }
        t.equal(await deletable(service, user, first![0]), first![1].length)
        await post(service.port, '/api/logs', [{ msg: last }], basic(user))
        await end.until('the last log came', () => end.events.some(({ event }) => event === 'log'))
        await tail.until('all came', () => tail.events.filter(({ event }) => event === 'log').length >= first![1].length)
        t.strictSame(tail.events.flatMap(({ event, data }) => event === 'log' ? [JSON.parse(data!).attributes.place] : []), first![1])
      })
    }

    await t.test('where nothing is found, the answer says which names were taken for attributes', async (t) => {
      const ask = async (query: string) => JSON.parse((await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query })}`, basic('user0'))).body)
      t.match(await ask('db.example.com:5432 OR (Error:x)'), { logs: [], hint: /db\.example\.com, Error; put quotes/ })
      for (const query of ['nowhere', '"db.example.com:5432"', 'place:0', 'level:debug']) t.notOk((await ask(query)).hint, query)
    })

    await t.test('a log\'s neighbours are those of its process, however its name is composed', async (t) => {
      await createUser(service, 'neighbour')
      for (const process of ['приложений', 'приложений'.normalize('NFD'), '각', 'other']) await post(service.port, '/api/logs', { msg: 'x', process, time: '2026-01-01T00:00:00Z' }, basic('neighbour'))
      const { logs } = JSON.parse((await http(service.port, 'GET', `/api/logs?${new URLSearchParams({ query: 'process:приложений' })}`, basic('neighbour'))).body)
      t.equal(logs.length, 2)
      t.match(await http(service.port, 'GET', `/api/logs/${logs[0].id}/context`, basic('neighbour')), { status: 200, body: /"logs":\[\{.*\},\{.*"complete":true/ })
    })

    await t.test('counts by attributes whose names have dots at any joint', async (t) => {
      const { body } = await http(service.port, 'GET', '/api/logs/values?field=http.request.method', basic('user6'))
      t.strictSame(JSON.parse(body).values, [{ value: 'GET', count: 4 }])
    })

    await t.test('values and counts are told of the log\'s own fields, without the rights of an administrator', async (t) => {
      const user = `user${Object.keys(groups).length - 1}`
      const ask = async (path: string) => JSON.parse((await http(service.port, 'GET', `/api/logs${path}`, basic(user))).body)
      t.strictSame((await ask('/values?field=attributes.user')).values, [{ value: 'bob', count: 1 }, { value: 'eve', count: 1 }])
      t.strictSame((await ask('/values?field=attributes.level')).values, [{ value: 'GOLD', count: 1 }])
      t.match((await ask('/histogram?by=attributes.user&from=2026-01-01&to=2026-01-02&interval=1d')).buckets, [{ count: 2, by: { bob: 1, eve: 1 } }])
      t.match(await ask('?query=user:bob'), { code: 403, detail: /attributes\.user/ })
    })
  })
}

t.test('the letters that another may stand for are known, of all Unicode', async (t) => {
  const wrong = new Set<string>()
  for (let code = 0x80; code < 0x110000; code++) {
    if (code >= 0xD800 && code < 0xE000) continue
    const letter = String.fromCodePoint(code)
    const composed = letter.normalize('NFC')
    if (letter.normalize('NFD') === letter || /[\u{AC00}-\u{D7A3}]/u.test(letter)) continue
    // Among others, so that not all is ASCII.
    for (const other of fold(composed)) {
      const { pieces } = steadyPieces([`漢${other}漢`])
      if (pieces.join('').includes(other)) wrong.add(`${code.toString(16)}: ${other}`)
    }
  }
  t.strictSame([...wrong], [])
  t.strictSame(steadyPieces([valuePiece('Café noir')]), { pieces: ['caf', ' no', 'r'], isExact: false, isHangul: false })
})

t.test('a query that is one only with its colons is refused where they can mean nothing else', async (t) => {
  for (const query of ['level:a:b', 'pid:1:2', 'a:']) t.throws(() => parseFilter(query), { statusCode: 400, message: /^query: at/ }, query)
})
