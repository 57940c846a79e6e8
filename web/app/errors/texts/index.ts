import { computed } from '@preact/signals'
import { language } from '../../texts/index.ts'
import { en } from './en.ts'
import { ru } from './ru.ts'

export const errorTexts = computed(() => language.value === 'ru' ? ru : en)
