import { Dialog } from '../frame/dialog.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { Value } from '../list/value.tsx'
import { texts } from '../texts/index.ts'
import { countsOf, valuesOf } from './bars.ts'
import { shownCounts } from './counts.ts'
import { formatCount, timeOfBars } from './words.ts'

/** The histogram as a table, for screen readers and for copying. Intervals without logs are left out. */
export function Table ({ onClose }: OverlayProps) {
  const { chart } = texts.value
  const histogram = shownCounts.value?.state.value.histogram
  const buckets = histogram?.buckets ?? []
  const values = valuesOf(buckets)
  return (
    <Dialog title={chart.label} onClose={onClose}>
      <div class='chart-table' tabIndex={0} role='region' aria-label={chart.label}>
        <table>
          <thead>
            <tr>
              <th scope='col'>{chart.time}</th>
              <th scope='col'>{chart.all}</th>
              {values.map((value) => <th key={value} scope='col'><Value text={value} /></th>)}
              <th scope='col'>{chart.others}</th>
            </tr>
          </thead>
          <tbody>
            {histogram && buckets.map((bucket, index) => bucket.count > 0 && (
              <tr key={bucket.at}>
                <th scope='row'>{timeOfBars(histogram, index, index)}</th>
                <td>{formatCount(bucket.count)}</td>
                {countsOf(bucket, values).map((count, part) => <td key={part}>{formatCount(count)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  )
}
