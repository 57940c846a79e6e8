import { computed } from '@preact/signals'
import { language } from '../../texts/index.ts'
import { en } from './en.ts'
import { ru } from './ru.ts'

/** Texts of alerts, in the chosen language. */
export const alertTexts = computed(() => language.value === 'ru' ? ru : en)
