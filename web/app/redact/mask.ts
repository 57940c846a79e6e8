/** What stands for a masked text of any length. */
export const mask = '█████'
