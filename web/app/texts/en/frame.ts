/** Texts in English. A text with values is a function. */
export const frame = {
  navigation: {
    label: 'Screens',
    screens: {
      logs: 'Logs',
      errors: 'Errors',
      alerts: 'Alerts',
      send: 'Send',
      account: 'Account',
      users: 'Users',
      storage: 'Storage',
      'dead-letters': 'Dead letters',
      audit: 'Audit'
    },
    more: 'Account and administration',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    language: 'Language',
    mask: 'Mask private texts',
    masked: 'Masked',
    rules: 'Rules …',
    signOut: 'Sign out',
    skip: 'Skip to the content'
  },
  signIn: {
    title: 'Sign in',
    ended: 'Your session has ended. Everything here stays as it is, and goes on once you have signed in.',
    user: 'Name',
    password: 'Password',
    submit: 'Sign in',
    orToken: 'A token with the scope read works in place of a password, without a name.',
    isDemo: 'Everybody knows the password of demo: change it before strangers can reach this server.',
    wrong: 'This name and this password do not belong together.',
    tooMany: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`
  }
}
