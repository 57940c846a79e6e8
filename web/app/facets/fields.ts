import { identity } from '../frame/session.ts'
import { settings } from '../frame/settings.ts'

/** Fields of which logs are always counted; a user's own name says nothing to that user. */
export function fixedFields (): string[] {
  return ['level', 'process', 'description', ...identity.value?.admin ? ['user'] : [], ...settings.value.pinned]
}
