import fc from 'fast-check'
import { createHash } from 'node:crypto'
import t from 'tap'
import { fingerprintOf, groupingVersion, keyOf } from '../../../src/alerts/fingerprint.js'
import { growsLinearly } from '../../helpers/growth.ts'
import { loggerbot, program, run } from '../../helpers/command.ts'

const keyOfMessage = (message: string) => keyOf({ message, attributes: null })
const textOfMessage = (message: string) => fingerprintOf({ message, attributes: null }).text

/** Messages that are one error, and the text that they have in common. */
const same: Record<string, [text: string, ...messages: string[]]> = {
  'numbers, with and without a unit': ['took <*> and <*>', 'took 12 ms and 5', 'took 1.5 s and 17', 'took 3 and -1', 'took <1ms and 50%', 'took 2 min and 50 %'],
  'ids with letters': ['job <*> of worker <*> failed', 'job 17 of worker w-3 failed', 'job a8f3 of worker web_12 failed', 'job INV-2031 of worker A-1042 failed'],
  UUIDs: ['session <*> expired', 'session 123e4567-e89b-12d3-a456-426614174000 expired', 'session 00000000-0000-0000-0000-00000000000F expired'],
  'hexadecimal numbers': ['at <*> in <*>', 'at 0xdeadbeef in 7f3a', 'at 0x00000001 in deadbeefcafe', 'at FFFFFFFFFF in 5d41402abc4b2a76b9719d911017c592'],
  'IPv4 and IPv6 addresses, with a port or a network': ['lost <*>', 'lost 10.0.0.1', 'lost 10.0.0.1:8080', 'lost fe80::1', 'lost 2001:db8::1', 'lost 10.0.0.0/8', 'lost ::1'],
  'hardware addresses': ['<*> is unknown', '00:1b:44:11:3a:b7 is unknown', 'fa:16:3e:ff:aa:bb is unknown'],
  'hosts and mail addresses': ['mail for <*> bounced at <*>', 'mail for bob@example.com bounced at mx.example.org', 'mail for a.b+c@d.co.uk bounced at mail-3.example.com'],
  'paths of Unix and Windows': ['cannot open <*>', 'cannot open /var/log/app.log', 'cannot open C:\\logs\\app.log', 'cannot open ~/app.log', 'cannot open ../a/b', 'cannot open \\\\server\\share', 'cannot open /srv'],
  'URLs with a query': ['GET <*> failed', 'GET https://a.example/b?c=d&e=f,g;h failed', 'GET /orders/17?page=2 failed', 'GET http://localhost:3000 failed', 'GET /orders failed'],
  'dates and times': ['started at <*>', 'started at 2026-01-02T03:04:05.678Z', 'started at 2026-01-02 03:04:05,678', 'started at Fri Jun 17 07:07:00 2005', 'started at 17 Jun 2005 7:07 PM', 'started at 1795747200', 'started at 03:04:05 UTC'],
  'sizes, and the same in bytes': ['used <*> of memory', 'used 58.6 MB (61440000 B) of memory', 'used 0.0 B of memory', 'used 12 KB (12595) of memory'],
  'values in quotes': ["table '<*>' is full", "table 't1' is full", "table '/a/b' is full", "table '10.0.0.1' is full"],
  'lists of values': ['ids <*> are gone', 'ids 1, 2, 3 are gone', 'ids 1 are gone', 'ids 5|6 are gone', 'ids 10.0.0.1 - 10.0.0.9 are gone'],
  'an empty value': ['connection from <*> at <*>', 'connection from 10.0.0.1 () at 5', 'connection from 10.0.0.1 (a.example.com) at 5'],
  'names of users': ['session opened for user <*> by root', 'session opened for user bob by root', 'session opened for user anna by root'],
  'names that fail to log in': ['Failed password for <*> from <*> port <*>', 'Failed password for bob from 10.0.0.1 port 22', 'Failed password for anna from 10.0.0.2 port 23'],
  'fields that identify': ['login failed user=<*> reason=locked', 'login failed user=bob reason=locked', 'login failed user=анна reason=locked', 'login failed user=b.b reason=locked'],
  'fields of JSON that identify': ['bad {"user":"<*>","order_id":"<*>","state":"open"}', 'bad {"user":"bob","order_id":"abc","state":"open"}', 'bad {"user":"anna b","order_id":"17","state":"open"}'],
  'objects of a class': ['leaked com.shop.Order@<*>', 'leaked com.shop.Order@33557fe4', 'leaked com.shop.Order@1a'],
  'instances of a thing': ['synchronized to <*>', 'synchronized to LOCAL(0)', 'synchronized to 10.0.0.1'],
  'lines of a source file': ['main.go:<*>] retrying', 'main.go:12] retrying', 'main.go:345] retrying'],
  'white space and colours': ['disk is full', 'disk  is\tfull ', '\u001b[31mdisk\u001b[0m is full', 'disk\u00a0is full'],
  'aligned dots': ['prefetch depth...<*>', 'prefetch depth..........0', 'prefetch depth.....17'],
  'Chinese without blanks': ['数据库<*>连接失败，重试<*>次', '数据库db1连接失败，重试3次', '数据库10.0.0.1连接失败，重试15次', '数据库/var/lib/a连接失败，重试１２次'],
  Russian: ['Файл <*> не найден, попытка <*>', 'Файл /дом/а.txt не найден, попытка 2', 'Файл 17.log не найден, попытка 13'],
  'letters with marks': ['Größe von <*> überschritten', 'Größe von Müller5 überschritten', 'Größe von 17 überschritten'],
  'access lines but for failures of the server': ['<*> "GET <*> HTTP/1.1" <*>', '10.0.0.1 "GET /a HTTP/1.1" 200 17', '10.0.0.2 "GET /b?c=d HTTP/1.1" 404 12'],
  'counts after error': ['error: <*> files are missing', 'error: 3 files are missing', 'error: 17 files are missing'],
  'nothing but values': ['<*>', '17', '10.0.0.1', '/a/b', '2026-01-02T03:04:05Z', '1, 2, 3', 'a@b.example'],
  versions: ['agent <*> started', 'agent v1.2.3 started', 'agent 2.0 started', 'agent 1.0.0-rc.1 started'],
  'ports after names': ['dial localhost:<*> refused', 'dial localhost:5432 refused', 'dial localhost:80 refused'],
  'tokens in base64': ['bad token <*>', 'bad token eyJhbGciOiJIUzI1NiJ9.e30.abc', 'bad token dGVzdDE1Mw'],
  'a text that is masked already': ['GET <*> took <*>', 'GET <*> took <*>', 'GET /a took 3 ms']
}

/** Messages that are different errors, each from every other. */
const different: Record<string, string[]> = {
  'codes of Oracle and others at the start, in brackets, before a colon': ['ORA-00942: no table', 'ORA-00001: no table', 'E11000 no table', 'E1234 no table', '[P2002] no table', '[P2003] no table', 'error TS2304: no table', 'error TS2305: no table', 'failed (CS1002) no table', 'failed (CS1003) no table'],
  'statuses of HTTP': ['HTTP 500 from upstream', 'HTTP 404 from upstream', 'HTTP/1.1 500 from upstream', 'HTTP/1.1 404 from upstream', 'status 502', 'status 504', 'status=502', 'status=504', 'status code: 500', 'status code: 503', 'responded with 500', 'responded with 503'],
  'failures of the server in access lines': ['"GET /a HTTP/1.1" 200 17', '"GET /a HTTP/1.1" 500 17', '"GET /a HTTP/1.1" 502 17', '"GET /a HTTP/1.1" status: 503 17'],
  'numbers of errors': ['errno 13', 'errno 2', 'errno: 13', 'errno: 2', '[Errno 13] x', '[Errno 2] x', 'ERROR 1045 (28000): x', 'ERROR 1146 (28000): x', 'Got error 28 from engine', 'Got error 122 from engine', 'os error 2', 'os error 13'],
  'names of errors': ['connect ECONNREFUSED 10.0.0.1:80', 'connect ETIMEDOUT 10.0.0.1:80', 'connect EHOSTUNREACH 10.0.0.1:80'],
  SQLSTATE: ['SQLSTATE[42S02] x', 'SQLSTATE[42S22] x', 'SQLSTATE: 23505', 'SQLSTATE: 40P01', 'SQLSTATE 08006', 'SQLSTATE HY000'],
  'exit codes and signals': ['exit code 137', 'exit code 1', 'exited with 1', 'exited with 2', 'exit status 1', 'exit status 2', 'signal 9', 'signal 11', 'returned -1', 'returned 0', 'rc=1', 'rc=2', 'HRESULT: 0x80070005', 'HRESULT: 0x80004005'],
  'words after a field that does not identify': ['failed reason=timeout', 'failed reason=refused', 'failed state=open', 'failed error=eof'],
  'words in quotes': ["Unknown column 'price'", "Unknown column 'total'"],
  'words after user that are no names': ['invalid user input', 'invalid user agent', 'user unknown', 'user disabled', 'closed by user request', 'closed by user timeout'],
  'words that have digits': ['bad ipv4 header', 'bad ipv6 header', 'bad sha1 header', 'bad md5 header', 'bad utf-8 header'],
  'names of functions and classes': ['jk2_init() failed', 'jk3_init() failed', 'Wifi43xx::scan failed', 'Wifi43xx::join failed', 'org.a.B failed', 'org.a.C failed'],
  'other words': ['disk full', 'disk failed', 'disk is full', 'Disk full'],
  'Chinese sentences': ['数据库1连接失败', '数据库1写入失败', '文件1连接失败'],
  'waiting for other things': ['waiting for reply from 10.0.0.1', 'waiting for lease from 10.0.0.1'],
  'later lines': ['failed\nbecause a', 'failed\nbecause b', 'failed'],
  'values and words': ['user id 5', 'user id'],
  'errors as programs write them': [
    'FATAL:  password authentication failed for user "postgres"', 'ERROR:  deadlock detected', 'ERROR:  42P01: relation "orders" does not exist at character 15', 'ERROR:  23505: duplicate key value violates unique constraint "orders_pkey"',
    "Access denied for user 'root'@'10.0.0.1' (using password: YES)", "Access denied for user 'root'@'10.0.0.1' (using password: NO)", "Duplicate entry '5-abc' for key 'PRIMARY'", 'Lock wait timeout exceeded; try restarting transaction',
    'upstream timed out (110: Connection timed out) while connecting to upstream, client: 10.1.1.1, server: example.com', 'connect() failed (111: Connection refused) while connecting to upstream, client: 10.1.1.1, server: example.com',
    'Out of memory: Killed process 1234 (mysqld) total-vm:123kB', 'I/O error, dev sda, sector 12345', 'usb 1-1: device descriptor read/64, error -110', 'usb 1-1: device descriptor read/64, error -71', 'segfault at 0 ip 00007f3a sp 00007ffd error 4 in libc.so',
    'Error: listen EADDRINUSE: address already in use :::3000', 'Error: listen EACCES: permission denied 0.0.0.0:80', 'ENOENT: no such file or directory, open \'/app/.env\'', 'ENOSPC: no space left on device, write',
    'x509: certificate has expired or is not yet valid', 'tls: handshake failure', 'dial tcp 10.0.0.1:5432: i/o timeout', 'dial tcp 10.0.0.1:5432: connect: no route to host', 'context deadline exceeded', 'rpc error: code = Unavailable desc = closed', 'rpc error: code = NotFound desc = closed',
    'npm ERR! code ELIFECYCLE', 'npm ERR! errno 1', 'Segmentation fault (core dumped)', 'OOMKilled: exit code 137', 'Back-off restarting failed container', 'Readiness probe failed: HTTP probe failed with statuscode: 503', 'Readiness probe failed: HTTP probe failed with statuscode: 404',
    'MY-010584: error reading', 'MY-010585: error reading', 'InnoDB: Unable to lock ./ibdata1 error: 11', 'InnoDB: Unable to lock ./ibdata1 error: 13', 'MISCONF Redis is configured to save RDB snapshots', 'WRONGTYPE Operation against a key', 'worker pid=17 exited with signal 9', 'worker pid=17 exited with signal 15'
  ]
}

t.test('messages of one error have one key, and a text for people', async (t) => {
  for (const [what, [text, ...messages]] of Object.entries(same)) {
    t.strictSame(messages.map(textOfMessage), messages.map(() => text), what)
    t.equal(new Set(messages.map(keyOfMessage)).size, 1, what)
  }
})

t.test('messages of different errors have different keys', async (t) => {
  for (const [what, messages] of Object.entries(different)) {
    t.strictSame(messages.filter((message, index) => messages.findIndex((other) => keyOfMessage(other) === keyOfMessage(message)) !== index), [], what)
  }
})

/** Stack traces: an error, the same one in another release and run, and one with the same words from another place. */
const traces: Record<string, [first: string, later: string, elsewhere: string]> = {
  Python: [
    'Traceback (most recent call last):\n  File "/srv/1/shop/views.py", line 12, in checkout\n    pay(order)\n  File "/srv/1/shop/pay.py", line 9, in pay\n    raise ValueError(f"bad amount {a}")\nValueError: bad amount 12',
    'Traceback (most recent call last):\n  File "/srv/2/shop/views.py", line 15, in checkout\n    pay(order, now)\n    ^^^^^^^^^^^^^^^\n  File "/srv/2/shop/pay.py", line 11, in pay\n    raise ValueError(f"bad amount {a}")\nValueError: bad amount 7.5',
    'Traceback (most recent call last):\n  File "/srv/1/shop/views.py", line 30, in refund\n    pay(order)\n  File "/srv/1/shop/refunds.py", line 9, in refund\n    raise ValueError(f"bad amount {a}")\nValueError: bad amount 12'
  ],
  'Python, one exception during another': [
    'failed\nTraceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 3, in g\nValueError: bad',
    'failed\nTraceback (most recent call last):\n  File "a.py", line 7, in f\nKeyError: 2\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 8, in g\nValueError: bad',
    'failed\nTraceback (most recent call last):\n  File "a.py", line 1, in f\nIndexError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 3, in g\nValueError: bad'
  ],
  Node: [
    "TypeError: Cannot read properties of undefined (reading 'id')\n    at Order.find (/app/v1/src/order.js:12:5)\n    at async file:///app/v1/main.js:3:5\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "TypeError: Cannot read properties of undefined (reading 'id')\n    at Order.find (/app/v2/src/order.js:15:9)\n    at async file:///app/v2/main.js:4:5",
    "TypeError: Cannot read properties of undefined (reading 'id')\n    at Cart.find (/app/v1/src/cart.js:12:5)\n    at async file:///app/v1/main.js:3:5"
  ],
  Firefox: [
    'TypeError: x is undefined\nfind@https://a.example/assets/main.4f3a2b1c.js:1:5012\n@https://a.example/assets/main.4f3a2b1c.js:1:7000\n',
    'TypeError: x is undefined\nfind@https://b.example/assets/main.9e8d7c6b.js:1:5100\n@https://b.example/assets/main.9e8d7c6b.js:1:7100\n',
    'TypeError: x is undefined\nload@https://a.example/assets/main.4f3a2b1c.js:1:5012\n@https://a.example/assets/main.4f3a2b1c.js:1:7000\n'
  ],
  Java: [
    '2026-01-01 10:00:00 ERROR order 17 failed\njava.lang.IllegalStateException: no order 17\n\tat shop.Order.find(Order.java:12) ~[app-1.2.jar:1.2]\n\tat shop.Main$$Lambda$14/0x0000000800066840.run(Unknown Source)\n\tat java.base/java.lang.Thread.run(Thread.java:833)\nCaused by: java.sql.SQLException: gone\n\tat shop.Db.read(Db.java:7)\n\t... 12 more',
    '2026-01-02 11:00:00 ERROR order 9 failed\njava.lang.IllegalStateException: no order 9\n\tat shop.Order.find(Order.java:14) ~[app-1.3.jar:1.3]\n\tat shop.Main$$Lambda$21/0x0000000800112233.run(Unknown Source)\n\tat java.base@21/java.lang.Thread.run(Thread.java:1583)\nCaused by: java.sql.SQLException: gone\n\tat shop.Db.read(Db.java:8)\n\t... 14 more',
    '2026-01-01 10:00:00 ERROR order 17 failed\njava.lang.IllegalStateException: no order 17\n\tat shop.Order.find(Order.java:12) ~[app-1.2.jar:1.2]\n\tat shop.Main$$Lambda$14/0x0000000800066840.run(Unknown Source)\n\tat java.base/java.lang.Thread.run(Thread.java:833)\nCaused by: java.net.SocketTimeoutException: gone\n\tat shop.Db.read(Db.java:7)\n\t... 12 more'
  ],
  '.NET': [
    'System.InvalidOperationException: bad\n ---> System.IO.IOException: gone\n   at Shop.Orders.<FindAsync>d__5.MoveNext() in /src/Orders.cs:line 3\n   --- End of inner exception stack trace ---\n   at Shop.Program.Main(String[] args)',
    'System.InvalidOperationException: bad\n ---> System.IO.IOException: gone\n   at Shop.Orders.<FindAsync>d__7.MoveNext() in C:\\b\\Orders.cs:line 9\n   --- End of inner exception stack trace ---\n   at Shop.Program.Main(String[] args)',
    'System.InvalidOperationException: bad\n ---> System.IO.IOException: gone\n   at Shop.Carts.<FindAsync>d__5.MoveNext() in /src/Carts.cs:line 3\n   --- End of inner exception stack trace ---\n   at Shop.Program.Main(String[] args)'
  ],
  Go: [
    'panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nshop/orders.(*Store).Find(0xc000012345, 0x1)\n\t/home/a/orders.go:4 +0x39\nmain.main()\n\t/home/a/main.go:8 +0x1\n\ngoroutine 7 [select]:\nx.y()\n\t/x.go:1\nexit status 2',
    'panic: runtime error: index out of range [9] with length 4\n\ngoroutine 34 [running]:\nshop/orders.(*Store).Find(0xc000099999, 0x2)\n\t/build/orders.go:14 +0x52\nmain.main()\n\t/build/main.go:18 +0x12\nexit status 2',
    'panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nshop/carts.(*Store).Find(0xc000012345, 0x1)\n\t/home/a/carts.go:4 +0x39\nmain.main()\n\t/home/a/main.go:8 +0x1\nexit status 2'
  ],
  PHP: [
    'PHP Fatal error:  Uncaught RuntimeException: no order 5 in /var/www/1/a.php:12\nStack trace:\n#0 /var/www/1/b.php(33): App\\Order->find(5)\n#1 [internal function]: App\\Main->run()\n#2 {main}\n  thrown in /var/www/1/a.php on line 12',
    'PHP Fatal error:  Uncaught RuntimeException: no order 6 in /var/www/2/a.php:14\nStack trace:\n#0 /var/www/2/b.php(35): App\\Order->find(6)\n#1 [internal function]: App\\Main->run()\n#2 {main}\n  thrown in /var/www/2/a.php on line 14',
    'PHP Fatal error:  Uncaught RuntimeException: no order 5 in /var/www/1/a.php:12\nStack trace:\n#0 /var/www/1/b.php(33): App\\Cart->find(5)\n#1 [internal function]: App\\Main->run()\n#2 {main}\n  thrown in /var/www/1/a.php on line 12'
  ],
  Ruby: [
    "app.rb:1:in 'Order#find': bad 5 (RuntimeError)\n\tfrom /srv/1/app.rb:4:in 'block in <main>'",
    "app.rb:3:in 'Order#find': bad 6 (RuntimeError)\n\tfrom /srv/2/app.rb:7:in 'block in <main>'",
    "app.rb:1:in 'Cart#find': bad 5 (RuntimeError)\n\tfrom /srv/1/app.rb:4:in 'block in <main>'"
  ],
  Rust: [
    "thread 'main' panicked at src/main.rs:2:5:\nindex out of bounds: the len is 3 but the index is 99\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/1a/library/std/src/panicking.rs:1:5\n   1: core::panicking::panic_fmt\n   2: shop::orders::find::h0123456789abcdef\n             at ./src/main.rs:2:5\nnote: Some details are omitted",
    "thread 'main' panicked at src/main.rs:4:9:\nindex out of bounds: the len is 4 but the index is 7\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/2b/library/std/src/panicking.rs:2:5\n   1: core::panicking::panic_fmt\n   2: shop::orders::find::hfedcba9876543210\n             at ./src/main.rs:4:9\nnote: Some details are omitted",
    "thread 'main' panicked at src/main.rs:2:5:\nindex out of bounds: the len is 3 but the index is 99\nstack backtrace:\n   0: rust_begin_unwind\n   1: core::panicking::panic_fmt\n   2: shop::carts::find::h0123456789abcdef\n             at ./src/main.rs:2:5\nnote: Some details are omitted"
  ],
  Elixir: [
    '** (RuntimeError) no order 5\n    (shop 0.1.0) lib/order.ex:5: Shop.Order.find/1\n    (stdlib 4.3) gen_server.erl:1123: :gen_server.try_dispatch/4',
    '** (RuntimeError) no order 7\n    (shop 0.2.0) lib/order.ex:8: Shop.Order.find/1\n    (stdlib 5.0) gen_server.erl:1077: :gen_server.try_dispatch/4',
    '** (RuntimeError) no order 5\n    (shop 0.1.0) lib/cart.ex:5: Shop.Cart.find/1\n    (stdlib 4.3) gen_server.erl:1123: :gen_server.try_dispatch/4'
  ]
}

for (const [runtime, [first, later, elsewhere]] of Object.entries(traces)) {
  t.test(`a stack trace of ${runtime} is told by its type and its frames, without line numbers`, async (t) => {
    t.match(keyOfMessage(first), /:exception:/)
    t.equal(textOfMessage(later), textOfMessage(first))
    t.not(textOfMessage(elsewhere), textOfMessage(first))
    t.notMatch(textOfMessage(first), /line \d|:\d/)
    for (const name of ['exception.stacktrace', 'exc_info', 'error.stack', 'err.stack', 'stack_trace']) {
      const [outer, inner] = name.split('.') as [string, string | undefined]
      const keyOfStack = (stack: string) => keyOf({ message: 'failed', attributes: { [name]: stack } })
      const keyOfNested = (stack: string) => keyOf({ message: 'failed', attributes: inner === undefined ? { [name]: stack } : { [outer]: { [inner]: stack } } })
      t.strictSame([keyOfStack(later), keyOfNested(first)], [keyOfStack(first), keyOfStack(first)], name)
      t.not(keyOfStack(elsewhere), keyOfStack(first), name)
    }
  })
}

t.test('only the frames nearest to the failure count', async (t) => {
  const deep = (depth: number) => `Error: x\n${Array.from({ length: depth }, (_, index) => `    at f${String.fromCharCode(97 + index % 26)} (/a.js:${index}:1)`).join('\n')}`
  t.equal(keyOfMessage(deep(50)), keyOfMessage(deep(9)))
  t.not(keyOfMessage(deep(4)), keyOfMessage(deep(9)))
  t.equal(textOfMessage(deep(50)).split('\n').length, 6)
  const python = (outer: string, inner: string) => `Traceback (most recent call last):\n${outer.repeat(100)}${Array.from('abcde', (name) => `  File "a.py", line 1, in ${name}${inner}\n`).join('')}KeyError: 1`
  t.equal(keyOfMessage(python('  File "x.py", line 3, in x\n    x()\n', '')), keyOfMessage(python('  File "y.py", line 3, in y\n', '')))
  t.not(keyOfMessage(python('', '')), keyOfMessage(python('', 'x')))
})

t.test('the sender\'s fingerprint goes first, then its template, then the exception, then the message', async (t) => {
  const [stack] = traces.Node!
  const attributes = { fingerprint: 'own', '@i': 'ab12', '@mt': 'Order {Id}', exception: stack, order: 5 }
  const kinds: Array<[key: RegExp, text: RegExp]> = [[/^1:fingerprint:/, /^own$/], [/^1:template:/, /^ab12$/], [/^1:template:/, /^Order \{Id\}$/], [/^1:exception:/, /Order\.find/], [/^1:message:/, /^order <\*> failed$/]]
  for (const [index, [key, text]] of kinds.entries()) {
    const rest = Object.fromEntries(Object.entries(attributes).slice(index))
    t.match(fingerprintOf({ message: 'order 5 failed', attributes: rest }), { key, text })
    t.equal(keyOf({ message: 'order 6 failed', attributes: { ...rest, order: 6 } }), keyOf({ message: 'order 5 failed', attributes: rest }))
  }
  t.equal(groupingVersion, 1)

  const sameKeys: Array<[one: Record<string, unknown>, other: Record<string, unknown>]> = [
    [{ fingerprint: 'a' }, { fingerprint: ['a'] }], [{ fingerprint: 5 }, { fingerprint: '5' }], [{ '@mt': 'x {A}' }, { MessageTemplate: 'x {A}' }],
    [{ event_name: 'order.failed' }, { attributes: { x: 1 }, event_name: 'order.failed' }], [{ '{OriginalFormat}': 'x {A}' }, { State: { '{OriginalFormat}': 'x {A}' } }],
    [{ fingerprint: '' }, {}], [{ fingerprint: [] }, {}], [{ fingerprint: null, '@mt': null, stack: 5, 'exception.type': '' }, {}],
    [{ 'exception.type': 'KeyError' }, { error: { type: 'KeyError' } }], [{ exception: 'no frames' }, {}]
  ]
  for (const [one, other] of sameKeys) t.equal(keyOf({ message: 'm', attributes: one }), keyOf({ message: 'm', attributes: other }), JSON.stringify(one))
  const otherKeys: Array<Record<string, unknown>> = [{}, { fingerprint: 'a' }, { fingerprint: ['a', 'b'] }, { '@mt': 'a' }, { event_name: 'b' }, { MESSAGE_ID: 'c' }, { 'exception.type': 'a' }, { 'exception.type': 'b' }]
  t.equal(new Set(otherKeys.map((attributes) => keyOf({ message: 'a', attributes }))).size, otherKeys.length)

  t.match(keyOf({ message: 'Order %s failed', attributes: { args: "('a',)" } }), /:template:/)
  t.match(keyOf({ message: 'Order %s failed', attributes: { args: '()' } }), /:message:/)
  t.match(keyOf({ message: 'Order 5 failed', attributes: { args: ['--all'] } }), /:message:/)
})

/** Whatever a sender may put into a message: signs, other scripts, lone surrogates, control characters, numbers. */
const piece = fc.oneof(
  fc.constantFrom(...' \n\t.,:;!?/\\|=+-*#@&%$~^_(){}[]<>"\'`\u0000\u001b\u00a0\ud800\udc00éжЖ数连٣１ก', 'user', 'for', 'from', 'error', 'status', 'HTTP/1.1', 'Jun', 'ms', '<*>', '::', '..', '://', '\u001b[31m', 'File "', '    at ', 'goroutine 1 ['),
  fc.string({ unit: 'binary', maxLength: 5 }), fc.nat().map(String), fc.string({ maxLength: 8 })
)
const anyMessage = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
const anyAttributes = fc.option(fc.dictionary(fc.constantFrom('fingerprint', '@i', '@mt', 'args', 'exception', 'error', 'err', 'stack', 'attributes', 'other'), fc.jsonValue(), { maxKeys: 4 }))

t.test('any log has a key and a text, always the same ones', async () => {
  fc.assert(fc.property(anyMessage, anyAttributes, (message, attributes) => {
    const log = { message, attributes }
    const { key, text } = fingerprintOf(log)
    keyOfMessage('another one 5')
    return /^1:(?:fingerprint|template|exception|message):[0-9a-f]{16}$/.test(key) && keyOf(log) === key && fingerprintOf(log).text === text &&
      text.length <= 10_000 && text.isWellFormed()
  }), { numRuns: 1000 })
})

t.test('values never change the key, and a masked text is masked no further', async () => {
  const value = fc.oneof(fc.ipV4(), fc.ipV6().filter((address) => /\d/.test(address) && !address.endsWith('::')), fc.uuid(), fc.nat().map(String), fc.emailAddress().filter((mail) => /^[\w.]+@/.test(mail)), fc.nat().map((id) => `/var/a/${id}.log`), fc.date({ noInvalidDate: true }).map((date) => date.toISOString()), fc.nat().map((id) => `blk_${id}`))
  const words = ['cannot', 'write', 'block', 'of', 'table', 'to', 'disk', 'now', 'because', 'it', 'is', 'full']
  const statement = fc.array(fc.oneof(fc.constantFrom(...words), fc.constant(undefined)), { minLength: 1, maxLength: 12 })
  fc.assert(fc.property(statement, fc.infiniteStream(value), fc.infiniteStream(value), (parts, one, other) => {
    const fill = (values: Iterator<string>) => parts.map((part) => part ?? values.next().value as string).join(' ')
    const text = textOfMessage(fill(one))
    return text === textOfMessage(fill(other)) && text === textOfMessage(text)
  }), { numRuns: 300 })
})

t.test('the work is bounded, whatever the text', async (t) => {
  const texts: Record<string, (size: number) => string> = {
    ...Object.fromEntries(['x', '1', 'a:', '1:', 'a.', '/', 'user="', '(1)', ',,1', 'Jun ', "a'", '<1', '\u001b[', '数', 'a@', 'error [', 'user bob from 1 ', '[1-', '"user":'].map((piece) => [piece, (size) => piece.repeat(size / piece.length)])),
    'commas after a value': (size) => `1${','.repeat(size)}`,
    'months before a value': (size) => `${'Jun '.repeat(size / 4)}1`
  }
  for (const [what, textOf] of Object.entries(texts)) {
    growsLinearly(t, what, { small: 400, input: textOf, work: (text) => { for (let run = 0; run < 50; run++) keyOfMessage(text) } })
  }
  const many: Record<string, string> = {
    'a line': 'x1 '.repeat(2_700_000),
    'one word': 'x'.repeat(8_000_000),
    lines: 'a\n'.repeat(4_000_000),
    frames: `Error\n${'    at f (/a.js:1:1)\n'.repeat(400_000)}`,
    colons: `x\n${':1'.repeat(4_000_000)}`
  }
  for (const [what, text] of Object.entries(many)) {
    const short = text.slice(0, 20_000)
    const took = (text: string) => {
      const before = process.cpuUsage().user
      for (let run = 0; run < 20; run++) keyOfMessage(text)
      return process.cpuUsage().user - before
    }
    took(short)
    t.ok(took(text) < 10 * took(short) + 10_000, `8 MB of ${what} take no more work than 20 kB`)
  }
  t.equal(keyOfMessage(`start ${'word '.repeat(2_000)}`), keyOfMessage(`start ${'word '.repeat(200_000)}`))
})

t.test('the keys of a version never change', async (t) => {
  const logs = [...Object.values(same).flat(), ...Object.values(different).flat(), ...Object.values(traces).flat()]
  t.ok(logs.length >= 300, `${logs.length} logs`)
  const digest = createHash('sha256').update(logs.map(keyOfMessage).join('\n')).digest('hex').slice(0, 16)
  // Where it must change, raise groupingVersion first: what is stored would mean other logs.
  t.equal(digest, '806987bf52707cbc')
})

t.test('loggerbot errors explain', async (t) => {
  const explain = async (input: string) => (await loggerbot(['errors', 'explain'], { input })).stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line))

  await t.test('prints the key and the text of each line, text or JSON', async (t) => {
    const lines = ['order 5 failed', '{"msg":"order 6 failed","level":"error","order":6}', '{"@mt":"Order {Id} failed","Id":5}', '{"msg":"x","fingerprint":["a","b"]}', '', '{"broken', '[1,2]', 'größer\r']
    const explained = await explain(`${lines.join('\n')}`)
    t.strictSame(explained.map(({ text }) => text), ['order <*> failed', 'order <*> failed', 'Order {Id} failed', 'a\nb', '', '{"broken', '[<*>]', 'größer'])
    t.strictSame(explained[0].key, explained[1].key)
    t.strictSame(explained[0], fingerprintOf({ message: 'order 5 failed', attributes: null }))
    t.strictSame(Object.keys(explained[0]), ['key', 'text'])
  })

  await t.test('has the attributes by which each protocol names the statement', async (t) => {
    const lines = [{ MESSAGE: 'a 1', MESSAGE_ID: 'ab' }, { event_name: 'order.failed', body: 'a' }, { '@i': 'ab12', '@m': 'a' }, { msg: 'Order %s failed', args: [5] }, { message: 'm', err: { type: 'E', stack: traces.Node![0] } }]
    const keys = (await explain(lines.map((line) => JSON.stringify(line)).join('\n'))).map(({ key }) => key.split(':')[1])
    t.strictSame(keys, ['template', 'template', 'template', 'template', 'exception'])
  })

  await t.test('ends quietly when nobody reads any more', async (t) => {
    const { stdout, stderr } = await run('bash', ['-c', 'set -o pipefail; (yes "GET /a/1 took 5 ms" || true) | "$0" "$1" errors explain | head -1; echo "ended with $?"', process.execPath, program])
    t.strictSame([stderr, stdout.split('\n')[1]], ['', 'ended with 0'])
  })
})
