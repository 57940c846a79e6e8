import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, request } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import { Copyable } from '../frame/copyable.tsx'
import { Dialog } from '../frame/dialog.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import type { Wanted } from '../rows/read.ts'
import { texts } from '../texts/index.ts'
import type { Statement } from './formats.ts'

/** A statement for the server's database, to be pasted into a client of it. */
export function Sql ({ load }: { load (): Promise<Statement> }) {
  const statement = useSignal<Statement | undefined>(undefined)
  const problem = useSignal('')
  useEffect(() => {
    load().then((loaded) => { statement.value = loaded }, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error
      problem.value = explain(error)
    })
  }, [])
  const { detail, common } = texts.value
  if (problem.value !== '') return <p class='problem' role='alert'>{problem.value}</p>
  if (!statement.value) return <p role='status'>{common.loading}</p>
  return (
    <>
      <Copyable text={statement.value.sql} />
      {!statement.value.exact && <p class='muted'>{detail.sqlInexact}</p>}
    </>
  )
}

/** A dialog with the statement of a whole search. */
export function searchSql ({ query, user, order, from, to, asOf }: Wanted) {
  const load = () => request<Statement>('api/logs/sql', { params: { query, user, order, from, to, asOf } })
  return function SearchSql ({ onClose }: OverlayProps) {
    return <Dialog title={texts.value.status.sql} onClose={onClose}><Sql load={load} /></Dialog>
  }
}
