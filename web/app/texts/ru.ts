import type { Texts } from './en.ts'
import { chart } from './ru/chart.ts'
import { commands } from './ru/commands.ts'
import { common } from './ru/common.ts'
import { detail } from './ru/detail.ts'
import { facets } from './ru/facets.ts'
import { frame } from './ru/frame.ts'
import { list } from './ru/list.ts'
import { live } from './ru/live.ts'
import { problems } from './ru/problems.ts'
import { query } from './ru/query.ts'
import { saved } from './ru/saved.ts'
import { states } from './ru/states.ts'
import { time } from './ru/time.ts'

/** Тексты страницы на русском. */
export const ru: Texts = {
  ...chart,
  ...commands,
  ...common,
  ...detail,
  ...facets,
  ...frame,
  ...list,
  ...live,
  ...problems,
  ...query,
  ...saved,
  ...states,
  ...time
}
