import { computed } from '@preact/signals'
import { language } from '../../texts/index.ts'
import { en } from './en.ts'
import { ru } from './ru.ts'

/** Texts of the dialog that exports logs, in the chosen language. */
export const exportTexts = computed(() => language.value === 'ru' ? ru : en)
