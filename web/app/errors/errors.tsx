import '../style/errors.css'
import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { Choice } from '../frame/choice.tsx'
import { lazy } from '../frame/lazy.tsx'
import { Problem } from '../frame/problem.tsx'
import { formatNumber } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { GroupReader, type Shown } from './group-reader.ts'
import { GroupLine } from './group-line.tsx'
import { errorTexts } from './texts/index.ts'

const Templates = lazy(async () => (await import('./templates.tsx')).Templates)

/** Groups of errors, as the server counts them, and what is done about each. */
export function Errors () {
  const shown = useSignal<Shown>('open')
  const reader = useSignal<GroupReader | undefined>(undefined)
  const user = useComputed(() => view.value.user)
  const opened = useComputed(() => view.value.opened)
  useSignalEffect(() => {
    const next = new GroupReader({ user: user.value, shown: shown.value })
    reader.value = next
    void next.more()
    return () => next.stop()
  })
  // Not again with each change of the list: a group that was merged leaves it.
  const isRead = useComputed(() => reader.value?.state.value.counts !== undefined)
  useSignalEffect(() => { if (isRead.value) void reader.value?.find(opened.value) })
  const state = reader.value?.state.value
  if (state?.error?.status === 404) return <Templates />
  const words = errorTexts.value
  const choices = (['open', 'acknowledged', 'muted', 'resolved', ''] as const).map((one) => {
    const count = state?.counts?.[one]
    return [one, count === undefined ? words.shown[one] : `${words.shown[one]} ${formatNumber(count)}`] as const
  })
  return (
    <main id='content' class='screen errors' tabIndex={-1}>
      <header>
        <h1>{texts.value.navigation.screens.errors}</h1>
        <Choice
          name='shown'
          label={words.state}
          values={choices}
          chosen={shown.value}
          onChoose={(chosen) => { shown.value = chosen }}
        />
      </header>
      {reader.value && <Groups reader={reader.value} />}
    </main>
  )
}

function Groups ({ reader }: { reader: GroupReader }) {
  const { groups, isBusy, hasMore, error, undo } = reader.state.value
  const words = errorTexts.value
  const more = () => { void reader.more() }
  return (
    <>
      <Problem error={error} onRetry={more} />
      <ul class='groups'>
        {groups.map((group) => <GroupLine key={`${group.user} ${group.id}`} group={group} reader={reader} />)}
      </ul>
      <p class='hint'>
        <span role='status'>
          {isBusy ? texts.value.common.loading : words.groups(groups.length, formatNumber(groups.length))}
        </span>
        {!isBusy && hasMore && <>{' '}<button type='button' onClick={more}>{words.more}</button></>}
        {!isBusy && undo && <>{' '}<button type='button' onClick={() => { void undo() }}>{words.undo}</button></>}
      </p>
    </>
  )
}
