import { Type } from '@sinclair/typebox'
import { groupStates } from '../../src/alerts/group.ts'
import { shownHours } from '../../src/alerts/present.ts'
import { instantRule } from '../../src/query/instant.ts'

const State = Type.Union(groupStates.map((state) => Type.Literal(state)), { description: groupStates.join(', ') })
const Time = Type.String({ examples: ['2026-11-24T09:30:00.000000Z'] })
const User = Type.Optional(Type.String({ description: 'for administrators: the name of the owner' }))
const Group = Type.Object({
  id: Type.String({ description: '16 hex digits; the same on every server for the same errors of the same user' }),
  user: Type.String(),
  process: Type.String(),
  text: Type.String({ description: 'the text of its logs; … stands for what varies' }),
  level: Type.String({ description: 'the worst level: error or critical' }),
  state: State,
  stateSince: Time,
  until: Type.Optional(Type.Object({
    time: Type.Optional(Time),
    logs: Type.Optional(Type.Integer({ description: 'further logs' }))
  }, { description: 'what ends a muted state, whichever comes first; missing: nothing does' })),
  logs: Type.Integer({ description: 'number of logs, those of merged groups included; deleted logs count' }),
  first: Type.String({ description: 'time of its first log' }),
  last: Type.String({ description: 'time of its last log' }),
  seen: Type.String({ description: 'when the last log was stored' }),
  hours: Type.Array(Type.Integer(), { description: `logs in each of the last ${shownHours} hours, oldest first` }),
  samples: Type.Array(Type.String(), { description: 'ids of its first log and of the last two' }),
  merged: Type.Array(Type.String(), { description: 'ids of the groups that were merged into it' })
})
const Change = Type.Object({
  number: Type.Integer({ description: 'counts the changes of the group, from 1' }),
  state: State,
  at: Time,
  by: Type.String({ description: 'the user, or server' }),
  source: Type.String({ description: 'api, command, telegram or server' }),
  note: Type.String()
})
export const ListQuery = Type.Object({
  state: Type.Optional(Type.Union([...groupStates, 'open'].map((state) => Type.Literal(state)), {
    description: 'new, ongoing, acknowledged, muted, resolved, regressed, or open, which is new, ongoing or regressed'
  })),
  process: Type.Optional(Type.String({ description: 'the exact name of the process' })),
  from: Type.Optional(Type.String({ description: `${instantRule}; groups with a log that was stored since` })),
  user: User,
  limit: Type.Integer({ default: 50, minimum: 1, maximum: 200, description: 'a whole number, 1 to 200' }),
  cursor: Type.Optional(Type.String({ description: 'the cursor of the page before' }))
}, { additionalProperties: false })
export const Page = Type.Object({
  errors: Type.Array(Group, { description: 'the latest first' }),
  states: Type.Record(Type.String(), Type.Integer(), {
    description: 'number of groups by state, of all states and processes'
  }),
  cursor: Type.Optional(Type.String({ description: 'gives the next page; missing on the last one' }))
})
const GroupId = Type.String({ pattern: '^[0-9a-f]{16}$', description: 'the id of a group, 16 hex digits' })
export const Id = Type.Object({ id: GroupId })
export const UserQuery = Type.Object({ user: User }, { additionalProperties: false })
export const Changes = Type.Object({
  state: Type.Optional(Type.Union([
    Type.Literal('ongoing'), Type.Literal('acknowledged'), Type.Literal('muted'), Type.Literal('resolved')
  ], { description: 'ongoing, acknowledged, muted or resolved' })),
  until: Type.Optional(Type.Object({
    time: Type.Optional(Type.String({ description: instantRule, examples: ['2026-11-24T09:30:00Z'] })),
    logs: Type.Optional(Type.Integer({
      minimum: 1,
      maximum: 1e9,
      description: 'a whole number of further logs, 1 to 1000000000'
    }))
  }, {
    additionalProperties: false,
    description: 'with state muted: an object with time, logs or both; by default for ever'
  })),
  note: Type.Optional(Type.String({ maxLength: 255, description: 'a text of 255 characters at most' })),
  mergedInto: Type.Optional(Type.Union([GroupId, Type.Null()], {
    description: 'the id of the group to count this one with, or null to take it out again'
  }))
}, { additionalProperties: false, minProperties: 1, description: 'an object with at least one field' })
export const Detail = Type.Object({
  ...Group.properties,
  changes: Type.Array(Change, { description: 'the latest first' })
})
