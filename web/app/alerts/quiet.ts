import type { QuietHours } from './api.ts'

/** Whether quiet hours are under way, by the clock of their zone; in a zone that the browser lacks, they are not. */
export function isQuiet ({ from, to, zone }: QuietHours, now: number): boolean {
  try {
    const clock = new Intl.DateTimeFormat('en', {
      hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone
    }).format(now)
    return from <= to ? from <= clock && clock < to : from <= clock || clock < to
  } catch {
    return false
  }
}
