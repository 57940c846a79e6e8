import { computed } from '@preact/signals'
import { language } from '../../texts/index.ts'
import { en } from './en.ts'
import { ru } from './ru.ts'

/** Texts of the dialogs about saved searches, in the chosen language. */
export const savedTexts = computed(() => language.value === 'ru' ? ru : en)
