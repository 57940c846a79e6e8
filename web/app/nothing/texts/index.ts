import { computed } from '@preact/signals'
import { language } from '../../texts/index.ts'
import { en } from './en.ts'
import { ru } from './ru.ts'

/** Texts of a search without logs, in the chosen language. */
export const nothingTexts = computed(() => language.value === 'ru' ? ru : en)
