import { computed, signal } from '@preact/signals'
import { shown } from '../redact/shown.ts'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { identity } from './session.ts'

/** Errors that came while nobody saw the tab. */
export const unseenErrors = signal(0)

/** Title of the document: what is searched, or the screen. */
export const title = computed(() => {
  const { live, navigation, signIn } = texts.value
  if (unseenErrors.value > 0) return `${live.errorsSince(unseenErrors.value)} · LoggerBot`
  if (!identity.value) return `${signIn.title} · LoggerBot`
  const { screen, query } = view.value
  return `${screen === 'logs' && query !== '' ? shown(query) : navigation.screens[screen]} · LoggerBot`
})
