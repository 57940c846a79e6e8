import type { Severity } from '../../model/record.ts'

/**
 * Level names of loggers and systems.
 * Case, accents, blanks, `_`, `-` and `.` make no difference: `Audit Failure` equals `AUDIT_FAILURE`. Words of other
 * languages are the ones that PostgreSQL, Windows and java.util.logging print.
 */
const names: Record<Severity, string[]> = {
  debug: [
    'debug', 'debugging', 'dbg', 'debu', 'dbug', 'd', 'd1', 'd2', 'd3', 'd4', 'd5', 'trace', 'trac', 'trc', 'trce',
    't', 'verbose', 'verb', 'vrb', 'v',
    'notset', 'all', 'silly', 'fine', 'finer', 'finest', 'config', 'diagnostic', 'diag', 'trivia', '.',
    'ausführlich', 'fein', 'feiner', 'am feinsten', 'débogage', 'débug', 'depuración', 'depuração', 'detallado',
    'detalhado', 'dettagliato', 'отладка', 'трассировка',
    '调试', '調試', '除錯', '跟踪', '追踪', '详细', '詳細', 'デバッグ', 'トレース', '디버그', '추적'
  ],
  info: [
    'info', 'inf', 'i', 'information', 'informational', 'infos', 'notice', 'ntc', 'n', 'note', 'notification',
    'notifications', 'message', 'msg', 'default', 'log', 'system', 'audit',
    'statement', 'hint', 'detail', 'context', 'http', 'data', 'help', 'input', 'prompt', 'start', 'ready', 'box',
    'mark', 'any', 'none', 'off', 'low', 'cleared',
    'user notice', 'strict', 'success', 'succeeded', 'ok', 'audit success', 'success audit', '*',
    'hinweis', 'informationen', 'meldung', 'erfolg', 'información', 'informação', 'informações', 'informazione',
    'informazioni', 'nota', 'notifica', 'remarque', 'éxito', 'succès',
    'informacja', 'bilgi', 'инфо', 'информация', 'сообщение', 'замечание', 'інформація', 'повідомлення',
    '信息', '資訊', '訊息', '日志', '通知', '提示', '情報', 'お知らせ', 'ログ', '정보', '알림', '로그'
  ],
  warning: [
    'warning', 'warnings', 'warn', 'wrn', 'w', 'deprecated', 'deprecation', 'user warning', 'user deprecated',
    'core warning', 'compile warning', 'audit failure', 'failure audit', 'minor', 'medium', '#',
    'warnung', 'avertissement', 'attention', 'advertencia', 'advertência', 'aviso', 'attenzione', 'avviso',
    'avvertenza', 'avvertimento', 'waarschuwing', 'varning', 'advarsel',
    'ostrzeżenie', 'varování', 'uyarı', 'uyari', 'предупреждение', 'внимание', 'попередження', '警告', '注意', '경고', '주의'
  ],
  error: [
    'error', 'errors', 'err', 'erro', 'eror', 'e', 'severe', 'fail', 'failed', 'failure', 'exception', 'parse error',
    'parse', 'user error', 'core error', 'compile error', 'recoverable error', 'incident error', 'major', 'high',
    'fehler', 'schwerwiegend', 'erreur', 'errore', 'grave', 'fout', 'fel', 'feil', 'fejl', 'virhe', 'błąd', 'chyba',
    'hata', 'hiba', 'ошибка', 'помилка',
    '错误', '錯誤', '严重', '嚴重', '失败', 'エラー', '誤り', '오류', '에러', '심각'
  ],
  critical: [
    'critical', 'crit', 'crt', 'c', 'fatal', 'fata', 'fatl', 'ftl', 'f', 'fatal error', 'critical error', 'panic',
    'pani', 'pnc', 'dpanic', 'p', 'alert', 'alerts', 'alrt', 'a',
    'emergency', 'emergencies', 'emerg', 'emrg', 'emg', 'em', 'fault', 'assert', 'disaster', 'catastrophic',
    'blocker',
    'kritisch', 'kritischer fehler', 'schwerer fehler', 'fataler fehler', 'notfall', 'panik', 'critique', 'fatale',
    'erreur fatale', 'urgence', 'alerte', 'alerta', 'allerta', 'alarm', 'crítico', 'crítica', 'error fatal',
    'error crítico', 'erro fatal', 'erro crítico',
    'emergencia', 'emergência', 'pánico', 'pânico', 'critico', 'errore critico', 'errore fatale', 'emergenza',
    'panico', 'kritiek', 'kritisk', 'krytyczny', 'katastrofalny', 'kritik', 'ölümcül',
    'критическая', 'критический', 'критично', 'критическая ошибка', 'фатальная ошибка', 'важно', 'паника', 'критична',
    'критичний',
    '致命', '致命错误', '致命錯誤', '关键', '紧急', '危急', '致命的', '致命的エラー', '重大', '緊急', 'クリティカル', '치명적', '치명적오류', '위험', '긴급'
  ]
}

const severities = new Map(Object.entries(names).flatMap(([severity, names]) =>
  names.map((name) => [fold(name), severity as Severity])))

/** Colour codes: `\x1b[31m`, the escaped forms of rsyslog and JSON, and the rest once the escape is lost. */
// eslint-disable-next-line no-control-regex
const colours = /(?:\x1b|\x9b|#033|\\x1b|\\u001b|\\033|\\e)?\[[\d;]{0,16}m/gi
/** Brackets, quotes, signs and blanks around a name, the colon after it, and its number before it: `3 (error)`. */
const around = /^(?:\d{1,5}(?![\p{L}\p{N}]))?[^\p{L}\p{N}]+|[^\p{L}\p{N}\p{M}]+$/gu
/** Names of a scale before the level: `SEVERITY_NUMBER_ERROR`, `LOG_ERR`, `LogLevel.Error`, `E_USER_WARNING`. */
const scaleNames = /^(?:severitynumber|severity|loglevel|level|log|lvl|e(?=[cdenprsuw]))(?=.{3})/
/** Owner of a level, a syslog facility, Apache module or type: `kern.err`, `core:error`, `LogLevel.Error`. */
const owner = /^[\w.]+[.:](?=[a-z]{3,}\d?$)/i
/** Distance from a level, as in slog and OpenTelemetry: `ERROR+2`, `DEBUG-4`, `WARN2`, `DEBUG (5)`. */
const offset = /^(.{3,}?)[\s(:]*[+-]?\d{1,3}$/

/** The severity of a level's name in any logger's spelling; undefined for any other text. */
export function severityOfText (text: string): Severity | undefined {
  const bare = text.replace(colours, '').replace(around, '')
  return lookUp(text) ?? lookUp(bare) ?? lookUp(offset.exec(bare)?.[1]) ?? lookUp(bare.replace(owner, ''))
}

function lookUp (name: string | undefined): Severity | undefined {
  if (name === undefined) return undefined
  const folded = fold(name)
  return severities.get(folded) ?? severities.get(folded.replace(scaleNames, ''))
}

/** The name in its comparable form. A single sign, such as a level of Redis, is kept. */
function fold (name: string): string {
  return name.length === 1 ? name.toLowerCase() : name.toLowerCase().normalize('NFKD').replace(/\p{M}|[\s_.-]/gu, '')
}
