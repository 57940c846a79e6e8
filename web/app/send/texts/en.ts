/** Texts in English. */
export const en = {
  title: 'Send logs',
  lead: 'Your logger probably speaks to this server already. Choose it, and copy the lines.',
  logger: 'Logger',
  makeToken: 'Make a token',
  tokenHint: 'It can only send logs. It is shown here once, in the lines below.',
  tokenMade: 'The token is in the lines below. It is shown only now; Account lists it and revokes it.',
  tokenName: 'made on the page',
  noTokens: 'Sign in with your password to make a token here: this session can only read.',
  syslog: 'The port of syslog is off until LOGGER_SYSLOG_PORT opens it, here as 5514.',
  waiting: 'Waiting for a log …',
  arrived: 'A log arrived.',
  show: 'Show it in the list',
  first: {
    title: 'Nothing here yet. Three steps, about a minute.',
    onlySend: 'No logs yet. Send the first one.',
    steps: { user: 'Make a user', 'sign-in': 'Sign in', send: 'Send the first log' },
    inTerminal: 'In the folder of the server:',
    here: 'Or here, with the setup code that the server printed in its terminal when it started:',
    name: 'Name',
    password: 'Password',
    code: 'Code',
    make: 'Make the user',
    wrongCode: 'The server printed another code.',
    tooMany: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`,
    done: 'done',
    skip: 'Go to the empty list',
    hint: 'The first log is here. Press / to search.'
  }
}
