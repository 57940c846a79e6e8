import { computed } from '@preact/signals'
import { shown } from '../redact/shown.ts'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { identity } from './session.ts'

/** Title of the document: what is searched, or the screen. */
export const title = computed(() => {
  const { navigation, signIn } = texts.value
  if (!identity.value) return `${signIn.title} · LoggerBot`
  const { screen, query } = view.value
  return `${screen === 'logs' && query !== '' ? shown(query) : navigation.screens[screen]} · LoggerBot`
})
