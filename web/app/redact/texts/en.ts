/** Texts in English. A text with values is a function. */
export const en = {
  title: 'Masked texts',
  explain: 'For sharing your screen: what these rules find is masked in the list, in logs, and in files that you ' +
    'export. The server stores and sends everything as it was.',
  isOn: 'Mask now',
  kinds: {
    email: 'E-mail addresses',
    address: 'IP addresses',
    secret: 'Passwords, tokens and keys',
    card: 'Card numbers',
    phone: 'Phone numbers'
  },
  expressions: 'Regular expressions of your own, one a line, in any case',
  refused: (line: number) => (
    `Line ${line} is no expression that runs here: no look-around, no back-references, not too large.`
  ),
  sample: 'Try a text',
  masked: 'As it is shown',
  file: 'Texts are masked as on the screen, in this browser.',
  making: 'The file is made …',
  cut: 'The export ended too early: the file would not be whole.'
}
