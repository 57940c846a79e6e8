import type { ComponentChildren } from 'preact'
import { useAnswer } from '../api/answer.ts'
import { request } from '../api/client.ts'
import { Problem } from '../frame/problem.tsx'
import { isAdmin } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'
import { Table } from '../frame/table.tsx'
import { Value } from '../list/value.tsx'
import { formatAgo, formatBytes, formatDuration, formatNumber, formatRelative, formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import type { Storage as Answer } from './api.ts'
import { growthOf } from './growth.ts'
import { AdminScreen } from './screen.tsx'
import { adminTexts } from './texts/index.ts'

/** What the logs take, how fast that grows, and how far the server is with its own work. */
export function Storage () {
  return <AdminScreen screen='storage'>{isAdmin(identity.value) && <Facts />}</AdminScreen>
}

function Facts () {
  const { answer, error, reload } = useAnswer((signal) => request<Answer>('api/storage', { signal }))
  return (
    <>
      <Problem error={error} onRetry={reload} />
      {!answer && !error && <p role='status'>{texts.value.common.loading}</p>}
      {answer && (
        <>
          {answer.warnings.map((warning) => <p key={warning} class='problem' role='alert'><Value text={warning} /></p>)}
          <div class='facts'>
            <Logs storage={answer} />
            <Server storage={answer} />
          </div>
          <Arrived days={answer.logs.arrived ?? []} />
          <Tables storage={answer} />
        </>
      )}
    </>
  )
}

function Logs ({ storage }: { storage: Answer }) {
  const { database, tables, logs, retention } = storage
  const { storage: words } = adminTexts.value
  const rows = tables?.find(({ name }) => name === 'user_logs')?.rows
  const growth = growthOf(storage, new Date().toISOString().slice(0, 10))
  return (
    <section>
      <h2>{words.logs}</h2>
      <dl>
        <Fact name={words.database}><Value text={`${database.kind} ${database.version}`} /></Fact>
        <Fact name={words.size}>{formatBytes(database.bytes)}</Fact>
        {rows !== undefined && <Fact name={words.number}>{words.about(formatNumber(rows))}</Fact>}
        <Fact name={words.oldest}>{logs.oldest === null ? words.none : formatTime(logs.oldest)}</Fact>
        <Fact name={words.newest}>{logs.newest === null ? words.none : formatAgo(logs.newest)}</Fact>
        {database.freeBytes !== null && <Fact name={words.free}>{formatBytes(database.freeBytes)}</Fact>}
        {growth && <Fact name={words.growth}>{words.perDay(formatBytes(growth.bytesPerDay))}</Fact>}
        {growth?.fullInSeconds !== undefined && (
          <Fact name={words.full}>{words.fullIn(formatRelative(growth.fullInSeconds))}</Fact>
        )}
        <Fact name={words.kept}>{words.keptFor(retention.days, retention.rows, formatNumber(retention.rows))}</Fact>
      </dl>
    </section>
  )
}

function Server ({ storage }: { storage: Answer }) {
  const { spool, wordIndex, hourCounts, deadLetters, keptFiles, instances } = storage
  const { storage: words } = adminTexts.value
  const lag = ({ lagSeconds }: Answer['wordIndex']) => (
    lagSeconds === null ? words.off : lagSeconds === 0 ? words.upToDate : words.behind(formatDuration(lagSeconds))
  )
  return (
    <section>
      <h2>{words.server}</h2>
      <dl>
        <Fact name={words.spool}>
          {spool === null ? words.noSpool : words.spoolOf(formatBytes(spool.bytes), formatBytes(spool.limitBytes))}
        </Fact>
        {spool !== null && spool.oldest !== null && <Fact name={words.waiting}>{formatAgo(spool.oldest)}</Fact>}
        <Fact name={words.wordIndex}>{lag(wordIndex)}</Fact>
        <Fact name={words.hourCounts}>{lag(hourCounts)}</Fact>
        <Fact name={words.deadLetters}>{formatNumber(deadLetters)}</Fact>
        <Fact name={words.keptFiles}>{formatNumber(keptFiles)}</Fact>
        {instances.length > 0 && (
          <Fact name={words.instances}>
            {instances.map(({ id, seenSecondsAgo }) => (
              <div key={id}><Value text={id} />, {words.seen(formatRelative(-seenSecondsAgo))}</div>
            ))}
          </Fact>
        )}
      </dl>
    </section>
  )
}

function Fact ({ name, children }: { name: string, children: ComponentChildren }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}

/** Logs that arrived on each of the last days. */
function Arrived ({ days }: { days: ReadonlyArray<{ day: string, logs: number }> }) {
  const { storage: words } = adminTexts.value
  const most = Math.max(1, ...days.map(({ logs }) => logs))
  if (days.length === 0) return null
  return (
    <>
      <h2>{words.arrived}</h2>
      <Table label={words.arrived} head={[words.day, words.number, words.share]} numbers={[words.number]}>
        {days.map(({ day, logs }) => (
          <tr key={day}>
            <th scope='row'>{day}</th>
            <td class='number'>{formatNumber(logs)}</td>
            <td class='share'><meter min={0} max={most} value={logs} aria-label={words.number} /></td>
          </tr>
        ))}
      </Table>
    </>
  )
}

function Tables ({ storage: { tables, partitions } }: { storage: Answer }) {
  const { storage: words } = adminTexts.value
  const time = (at: string | null) => at === null ? '' : at.slice(0, 10)
  return (
    <>
      <h2>{words.tables}</h2>
      {tables === null && <p>{words.notEstimated}</p>}
      {tables !== null && (
        <Table label={words.tables} head={[words.table, words.rows, words.size]} numbers={[words.rows, words.size]}>
          {tables.map(({ name, rows, bytes }) => (
            <tr key={name}>
              <th scope='row' translate={false}>{name}</th>
              <td class='number'>{formatNumber(rows)}</td>
              <td class='number'>{formatBytes(bytes)}</td>
            </tr>
          ))}
        </Table>
      )}
      {partitions.length > 0 && (
        <>
          <h2>{words.partitions}</h2>
          <Table
            label={words.partitions}
            head={[words.partition, words.from, words.until, words.size]}
            numbers={[words.size]}
          >
            {partitions.map(({ name, from, until, bytes }) => (
              <tr key={name}>
                <th scope='row' translate={false}>{name}</th>
                <td>{time(from)}</td>
                <td>{time(until)}</td>
                <td class='number'>{formatBytes(bytes)}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </>
  )
}
