/** What the API says about a request that it refuses, as texts: values are written as the language writes them. */
export interface Facts {
  field: string
  limit: string
  expected: string
}

/** Why requests fail. A text with values is a function. */
export const problems = {
  problems: {
    offline: 'The server does not answer. Trying again …',
    overloaded: 'The server is busy. Trying again …',
    unknown: (detail: string) => `The server refused: ${detail}`,
    statuses: {
      401: () => 'You are signed out.',
      403: (detail: string) => `You may not do this: ${detail}.`,
      404: () => 'This is no longer there.',
      409: (detail: string) => `This contradicts what is stored: ${detail}.`,
      412: () => 'Somebody else has changed this meanwhile. Load it again.',
      413: () => 'This is too large.',
      422: () => 'The search takes too long. Ask for less: a shorter time range, or a whole word.',
      429: () => 'Too many requests at the same time. Wait until some have ended.',
      500: () => 'The server failed. Its log says where.'
    },
    /** What a query could go on with: `query.expected`. */
    expectations: {
      word: 'a word',
      phrase: 'words in quotes',
      field: 'a field',
      'field-value': 'a value of the field',
      'opening-bracket': 'an opening bracket',
      'closing-bracket': 'a closing bracket',
      'closing-square-bracket': 'a closing square bracket',
      'closing-quote': 'a closing quotation mark',
      to: 'TO between the two bounds',
      'escaped-character': 'a character after the backslash',
      end: 'the end of the query'
    },
    rules: {
      'query.expected': ({ expected }: Facts) => `Expected here: ${expected}.`,
      'query.too-long': ({ limit }: Facts) => `The query is longer than ${limit} characters.`,
      'query.too-deep': ({ limit }: Facts) => `More than ${limit} brackets are nested.`,
      'query.too-many-conditions': ({ limit }: Facts) => `The query has more than ${limit} conditions.`,
      'query.level': ({ expected }: Facts) => `There is no such level. Levels: ${expected}.`,
      'query.number': () => 'This must be a number.',
      'query.no-order': () => 'This field is text: < and > cannot compare it.',
      'query.regex': () => 'The regular expression is not valid in the syntax of RE2.',
      'query.regex-field': () => 'This field takes no regular expression.',
      'query.regex-too-large': () => 'The regular expressions are too large: make them fewer or shorter.',
      'parameter.unknown': ({ field }: Facts) => `There is no parameter “${field}”.`,
      'parameter.missing': ({ field }: Facts) => `“${field}” is missing.`,
      'parameter.conflict': ({ field }: Facts) => `“${field}” cannot be given together with another parameter.`,
      'parameter.type': ({ field }: Facts) => `“${field}” is of the wrong type.`,
      'parameter.minimum': ({ field, limit }: Facts) => `“${field}” must be at least ${limit}.`,
      'parameter.maximum': ({ field, limit }: Facts) => `“${field}” must be at most ${limit}.`,
      'parameter.too-short': ({ field, limit }: Facts) => `“${field}” must have at least ${limit} characters.`,
      'parameter.too-long': ({ field, limit }: Facts) => `“${field}” must have at most ${limit} characters.`,
      'parameter.pattern': ({ field }: Facts) => `“${field}” is not written as it must be.`,
      'parameter.choice': ({ field, expected }: Facts) => `“${field}” must be one of: ${expected}.`,
      'parameter.items': ({ field }: Facts) => `“${field}” has too few items, too many, or one twice.`,
      'time.invalid': () => 'This is no time. Examples: -15m, 2026-11-26T10:00:00Z.',
      'time.future': () => 'The time must not be in the future.',
      'interval.invalid': () => 'This is no length of time. Example: 5m.',
      'interval.too-long': () => 'The interval is too long.',
      'interval.too-short': () => 'The interval is too short for this time range.',
      'zone.invalid': () => 'There is no such time zone.',
      'field.message': () => 'Logs cannot be counted by message.',
      'field.no-number': () => 'Statistics need a field with numbers.',
      'same.missing': () => 'The log has no such attribute.',
      'user.unknown': () => 'There is no such user.',
      'cursor.invalid': () => 'The list cannot go on from here. Search again.',
      'cursor.other': () => 'The list has changed meanwhile. Search again.',
      'confirm.other': () => 'The confirmation belongs to another deletion. Count again.',
      'confirm.expired': () => 'The confirmation is older than ten minutes. Count again.',
      'database.unavailable': () => 'The database does not answer. Trying again …'
    }
  }
}
