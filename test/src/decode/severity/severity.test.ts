import t from 'tap'
import { severityOf, severityOfName, severityOfPythonNumber, type Scale } from '../../../../src/decode/severity/index.ts'
import { severities, type Severity } from '../../../../src/model/record.ts'
import { growsLinearly } from '../../../helpers/growth.ts'

await t.test('a level by its name', async (t) => {
  const names: Record<Severity, string[]> = {
    debug: ['debug', 'TRACE', 'Verbose', 'FINE', 'FINER', 'FINEST', 'CONFIG', 'silly', 'NOTSET', 'DBG', 'TRC', 'VRB', 'trce', 'dbug', 'DEBU', 'D', 'T', 'V', 'D1', 'D5', 'debugging', 'DEBUG1', 'DEBUG5', 'DEBUG-4', 'TRACE4', 'trace8', 'SEVERITY_NUMBER_DEBUG', 'SEVERITY_NUMBER_TRACE3', '调试', 'デバッグ', '디버그', 'ОТЛАДКА', 'Depuración', '.'],
    info: ['info', 'Information', 'informational', 'NOTICE', 'INF', 'I', 'N', 'http', 'LOG', 'HINT', 'DETAIL', 'STATEMENT', 'Note', 'System', 'success', 'OK', 'INFO+2', 'INFO:', 'DEFAULT', 'None', 'SEVERITY_NUMBER_INFO', 'SEVERITY_INFO', 'Audit Success', 'AUDIT_SUCCESS', 'Hinweis', 'Información', 'ИНФО', 'Информация', '信息', '情報', '정보', 'BİLGİ', '*'],
    warning: ['warning', 'warn', 'WRN', 'W', 'WARN+1', 'WARN2', 'warnings', 'daemon.warning', '[Warning]', 'SEVERITY_NUMBER_WARN2', 'LOG_WARNING', 'E_USER_WARNING', 'Audit Failure', 'AUDIT_FAILURE', 'FailureAudit', 'Warnung', 'AVERTISSEMENT', 'Advertencia', 'ADVERTÊNCIA', 'Aviso', 'ATTENZIONE', 'ПРЕДУПРЕЖДЕНИЕ', '警告', '경고', '#'],
    error: ['error', 'ERR', 'E', ' error ', '[ERROR]', '(error)', '<error>', '"error"', 'ERROR:', 'ERROR+2', 'ERROR3', 'error (3)', '3 (error)', '3 - Error', 'errors', 'kern.err', 'core:error', 'SEVERE', 'eror', 'erro', 'fail', 'LogLevel.Error', 'LOG_ERR', 'Level.SEVERE', 'SEVERITY_NUMBER_ERROR', '\x1b[31merror\x1b[39m', '\x1b[1;31mERROR\x1b[0m', '#033[31mERROR#033[0m', '[31merror[39m', '❌ ERROR', 'ＥＲＲＯＲ', 'FEHLER', 'Schwerwiegend', 'ERREUR', 'Errore', 'Erro', 'ОШИБКА', 'ошибка', '错误', '錯誤', 'エラー', '오류', 'BŁĄD'],
    critical: ['critical', 'CRIT', 'CRT', 'C', 'fatal', 'FTL', 'F', 'FATAL2', 'panic', 'PNC', 'emergencies', 'dpanic', 'DPANIC', 'alert', 'A', 'emerg', 'EMG', 'emergency', 'Fatal error', 'fault', 'SEVERITY_NUMBER_FATAL4', 'КРИТИЧЕСКАЯ', 'Kritisch', 'CRÍTICO', '致命错误', '치명적']
  }
  for (const [severity, texts] of Object.entries(names)) {
    await t.test(`is ${severity}`, async (t) => {
      for (const text of texts) t.equal(severityOf(text), severity, JSON.stringify(text))
    })
  }

  await t.test('is none in any other text', async (t) => {
    for (const text of ['', ' ', '-', '[]', 'loud', 'vector=info', 'info,hyper=warn', 'error: disk full', 'no error', 'gold', 'toString', '__proto__', 'constructor', 'ınfo', 'level', 'severity_', `error${' '.repeat(64)}`, 'x'.repeat(1000)]) {
      t.equal(severityOf(text), undefined, JSON.stringify(text))
    }
  })

  await t.test('is found in linear time', async (t) => {
    growsLinearly(t, 'a long text', { small: 10_000, input: (size) => Array.from({ length: size }, (_, index) => `${'['.repeat(30)}e${index}`), work: (texts) => texts.forEach((text) => severityOf(text)) })
  })
})

await t.test('a level by its number', async (t) => {
  const numbers: Array<[level: unknown, severity: Severity | undefined]> = [
    [0, 'critical'], [3, 'error'], [4, 'warning'], [5, 'info'], [6, 'info'], [7, 'debug'], [8, undefined], [9, undefined],
    [10, 'debug'], [20, 'debug'], [30, 'info'], [35, 'info'], [40, 'warning'], [50, 'error'], [60, 'critical'], [70, undefined], [99, undefined],
    [100, 'debug'], [200, 'info'], [250, 'info'], [300, 'warning'], [400, 'error'], [500, 'critical'], [550, 'critical'], [600, 'critical'], [350, undefined], [700, undefined],
    [800, 'info'], [900, 'warning'], [1000, 'error'], [5000, 'debug'], [10_000, 'debug'], [20_000, 'info'], [30_000, 'warning'], [35_000, 'warning'], [40_000, 'error'], [50_000, 'critical'], [60_000, 'critical'],
    [70_000, undefined], [12_345, undefined], [1e9, undefined], [2 ** 53, undefined], [-1, undefined], [2.5, undefined], [30.5, undefined], [NaN, undefined], [Infinity, undefined],
    ['30', 'info'], [' 40 ', 'warning'], ['<3>', 'error'], ['40000', 'error'], ['-1', undefined], ['1e3', undefined], ['0x10', undefined], ['1000000', undefined],
    [null, undefined], [undefined, undefined], [true, undefined], [[], undefined], [{}, undefined]
  ]
  for (const [level, severity] of numbers) t.equal(severityOf(level), severity, JSON.stringify(level))
})

await t.test('a scale decides what a number means', async (t) => {
  const scales: Record<Scale, Array<[level: unknown, severity: Severity | undefined]>> = {
    syslog: [[3, 'error'], ['4', 'warning'], [30, undefined]],
    pino: [[5, 'debug'], [30, 'info'], [50, 'error'], [65, 'critical'], [-1, undefined]],
    python: [[5, 'debug'], [20, 'info'], ['40', 'error'], [50, 'critical'], [200, undefined]],
    monolog: [[250, 'info'], [400, 'error'], [3, undefined]],
    log4j: [[40_000, 'error'], [400, undefined]],
    log4j2: [[100, 'critical'], [200, 'error'], [400, 'info'], [600, 'debug']],
    jul: [[300, 'debug'], [700, 'debug'], [800, 'info'], [900, 'warning'], [1000, 'error']],
    otlp: [[0, undefined], [1, 'debug'], [8, 'debug'], [9, 'info'], [12, 'info'], [13, 'warning'], [16, 'warning'], ['17', 'error'], [20, 'error'], [21, 'critical'], [24, 'critical'], [25, undefined], ['SEVERITY_NUMBER_ERROR', 'error']],
    windows: [[0, 'info'], [1, 'critical'], [2, 'error'], [3, 'warning'], [4, 'info'], [5, 'debug']],
    dotnet: [[0, 'debug'], [2, 'info'], [3, 'warning'], [4, 'error'], [5, 'critical'], [6, undefined]],
    gcp: [[0, 'info'], [200, 'info'], [300, 'info'], [400, 'warning'], [500, 'error'], [800, 'critical']],
    npm: [[0, 'error'], [2, 'info'], [6, 'debug']],
    consola: [[0, 'error'], [3, 'info'], [5, 'debug']],
    tslog: [[0, 'debug'], [3, 'info'], [6, 'critical']]
  }
  for (const [scale, levels] of Object.entries(scales)) {
    for (const [level, severity] of levels) t.equal(severityOf(level, { scale: scale as Scale }), severity, `${scale} ${level}`)
  }
})

await t.test('a name beside a number tells more than its size', async (t) => {
  t.equal(severityOf(400, { name: 'INFO' }), 'info')
  t.equal(severityOf('400', { name: 'INFO' }), 'info')
  t.equal(severityOf(12, { name: 'WARNING' }), 'warning')
  t.equal(severityOf(undefined, { name: 'ERROR' }), 'error')
  t.equal(severityOf(400, { name: 'AUDIT_TRAIL' }), 'error', 'unless the name is unknown')
  t.equal(severityOf(17, { scale: 'otlp', name: '500' }), 'error', 'digits are no name')
  t.equal(severityOf(0, { scale: 'otlp', name: 'ERROR2' }), 'error')
  t.equal(severityOf('error', { name: 'INFO' }), 'error', 'and a name is no number')
})

await t.test('a level as an object', async (t) => {
  t.equal(severityOf({ level: 40_000, levelStr: 'ERROR', colour: 'red' }), 'error')
  t.equal(severityOf({ level: 2 ** 53, levelStr: 'MARK', colour: 'grey' }), 'info')
  t.equal(severityOf({ icon: '⚠️', name: 'WARNING', no: 30 }), 'warning')
  t.equal(severityOf({ name: 'GOLD', no: 50 }), 'critical')
  t.equal(severityOf({ name: 'ERROR', intLevel: 200, standardLevel: 'ERROR' }), 'error')
  t.equal(severityOf({ level: 30_000 }), 'warning')
  t.equal(severityOf({ value: 'warn' }), 'warning')
  t.equal(severityOf({ name: 'GOLD' }), undefined)
  t.equal(severityOf({ level: { level: 40 } }), undefined)
  t.equal(severityOf({ other: 1 }, { name: 'fatal' }), 'critical')
})

await t.test('POST /send_logs takes the levels of its contract and no others', async (t) => {
  const aliases: Record<Severity, string[]> = {
    debug: ['debug', 'trace', 'verbose', 'notset'],
    info: ['info', 'information', 'informational', 'notice'],
    warning: ['warning', 'warn'],
    error: ['error', 'err', 'severe'],
    critical: ['critical', 'crit', 'fatal', 'panic', 'alert', 'emerg', 'emergency']
  }
  for (const [severity, names] of Object.entries(aliases)) {
    await t.test(`${names.join(', ')}, in any case, are ${severity}`, async (t) => {
      for (const name of names) {
        for (const form of [name, name.toUpperCase(), `${name[0]!.toUpperCase()}${name.slice(1)}`]) t.equal(severityOfName(form), severity, form)
      }
    })
  }

  await t.test('no other name is one', async (t) => {
    for (const name of ['', ' ', 'loud', 'error ', ' error', 'errors', 'ERROR+2', 'E', '10', '40', 'toString', 'constructor', '__proto__', 'hasOwnProperty', 'ınfo', 'error\n']) t.equal(severityOfName(name), undefined, name)
  })

  await t.test('a whole number from 0 to 100 counts as the standard level at or below it', async (t) => {
    for (let level = 0; level <= 100; level++) t.equal(severityOfPythonNumber(level), severities[Math.min(Math.max(Math.floor(level / 10), 1), 5) - 1], String(level))
  })

  await t.test('no other number is one', async (t) => {
    for (const level of [-1, -0.5, 0.5, 30.5, 100.5, 101, 1000, Infinity, -Infinity, NaN, 2 ** 53]) t.equal(severityOfPythonNumber(level), undefined, String(level))
  })
})
