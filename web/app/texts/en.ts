import { chart } from './en/chart.ts'
import { commands } from './en/commands.ts'
import { common } from './en/common.ts'
import { detail } from './en/detail.ts'
import { facets } from './en/facets.ts'
import { frame } from './en/frame.ts'
import { list } from './en/list.ts'
import { live } from './en/live.ts'
import { problems } from './en/problems.ts'
import { query } from './en/query.ts'
import { saved } from './en/saved.ts'
import { states } from './en/states.ts'
import { time } from './en/time.ts'

/** Texts of the page in English, a file for each part. */
export const en = {
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

export type Texts = typeof en
