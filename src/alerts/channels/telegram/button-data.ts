import { timingSafeEqual } from 'node:crypto'
import { alertIdOf } from '../../alert.ts'
import type { TelegramClient } from './client.ts'

export type ButtonAction = 'acknowledge' | 'mute' | 'around'

const letters: Record<ButtonAction, string> = { acknowledge: 'a', mute: 'm', around: 's' }
const actions = new Map<string, ButtonAction>([['a', 'acknowledge'], ['m', 'mute'], ['s', 'around']])

/** The data of a button below an alert: a letter, the alert in base 36, and a signature; 64 bytes at most. */
export function buttonData (client: TelegramClient, action: ButtonAction, number: string): string {
  const text = `${letters[action]}:${number.replace('#', '').toLowerCase()}`
  return `${text}:${client.sign(text)}`
}

/** Reads the data of a button; undefined where it is not of this bot: clients can send any data. */
export function readButtonData (
  client: TelegramClient, data: string
): { action: ButtonAction, alertId: string } | undefined {
  const [, text = '', letter = '', number = '', signature = ''] = /^((\w):([0-9a-z]+)):(.+)$/.exec(data) ?? []
  const given = Buffer.from(signature)
  const expected = Buffer.from(client.sign(text))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  const action = actions.get(letter)
  const alertId = alertIdOf(number)
  return action === undefined || alertId === undefined ? undefined : { action, alertId }
}
