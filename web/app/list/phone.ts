import { signal } from '@preact/signals'

const narrow = matchMedia('(max-width: 639px)')

/** Whether the window is as narrow as a phone's: rows have two lines, and an opened log has the whole screen. */
export const isPhone = signal(narrow.matches)

narrow.addEventListener('change', () => { isPhone.value = narrow.matches })
