import { computed } from '@preact/signals'
import { language } from '../../texts/index.ts'
import { en } from './en.ts'
import { ru } from './ru.ts'

/** Texts of the screens about sending logs, in the chosen language. */
export const sendTexts = computed(() => language.value === 'ru' ? ru : en)
