import { computed } from '@preact/signals'
import { language } from '../../texts/index.ts'
import { en } from './en.ts'
import { ru } from './ru.ts'

/** Texts of the account, in the chosen language. */
export const accountTexts = computed(() => language.value === 'ru' ? ru : en)
