import { useSignal } from '@preact/signals'
import { useAnswer } from '../api/answer.ts'
import { request } from '../api/client.ts'
import { Problem } from '../frame/problem.tsx'
import { isAdmin } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'
import { Table } from '../frame/table.tsx'
import { Value } from '../list/value.tsx'
import { formatNumber, formatTime } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import type { AuditPage, Entry } from './api.ts'
import { AdminScreen } from './screen.tsx'
import { adminTexts } from './texts/index.ts'

/** Changes by people: who did what, and when. */
export function Audit () {
  return <AdminScreen screen='audit'>{isAdmin(identity.value) && <Entries />}</AdminScreen>
}

function Entries () {
  const filter = useSignal('')
  const pages = useSignal(1)
  const { answer, error, reload } = useAnswer((signal) => readPages(pages.value, signal))
  const { audit: words } = adminTexts.value
  const shown = answer?.entries.filter((entry) => isAbout(entry, filter.value)) ?? []
  return (
    <>
      <p>
        <input
          type='search'
          aria-label={words.filter}
          placeholder={words.filter}
          value={filter.value}
          onInput={({ currentTarget }) => { filter.value = currentTarget.value }}
        />
      </p>
      <Problem error={error} onRetry={reload} />
      {!answer && !error && <p role='status'>{texts.value.common.loading}</p>}
      {answer && (
        <>
          <Table
            label={words.list}
            head={[words.time, words.caller, words.action, words.detail, words.logs, words.address]}
            numbers={[words.logs]}
          >
            {shown.map((entry) => <Line key={entry.id} entry={entry} />)}
          </Table>
          <p>
            <span role='status'>{words.shown(formatNumber(shown.length), formatNumber(answer.entries.length))}</span>
            {' '}
            {answer.after !== undefined && (
              <button
                type='button'
                onClick={() => {
                  pages.value++
                  reload()
                }}
              >
                {words.more}
              </button>
            )}
          </p>
        </>
      )}
    </>
  )
}

function Line ({ entry: { at, caller, action, detail, logs, address } }: { entry: Entry }) {
  return (
    <tr>
      <td><time dateTime={at} title={at}>{formatTime(at)}</time></td>
      <th scope='row'><Value text={caller} /></th>
      <td class='code'>{action}</td>
      <td class='code'><Value text={describe(detail)} /></td>
      <td class='number'>{logs > 0 && formatNumber(logs)}</td>
      <td class='code'><Value text={address ?? ''} /></td>
    </tr>
  )
}

/** Entries of a page; the server gives no more at once. */
const pageEntries = 500

async function readPages (pages: number, signal: AbortSignal): Promise<AuditPage> {
  const entries: Entry[] = []
  let after: number | undefined
  for (let page = 0; page < pages; page++) {
    const answer = await request<AuditPage>('api/audit', { params: { after, limit: pageEntries }, signal })
    entries.push(...answer.entries)
    after = answer.after
    if (after === undefined) break
  }
  return { entries, ...after !== undefined && { after } }
}

/** `user: alice, disabled: true`. */
function describe (detail: Entry['detail']): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')
}

function isAbout ({ caller, action, detail, address }: Entry, text: string): boolean {
  return [caller, action, describe(detail), address ?? ''].join('\n').toLowerCase().includes(text.toLowerCase())
}
