/** What somebody typed, as it is said back to them and written to the log. */

/** As long as names are. A key that was pasted in the wrong place is longer, and must be repeated nowhere. */
const LONGEST = 40

/** `"banana"`, or `instead` of what is longer than any name. */
export const quoted = (text: string, instead = 'A long word'): string =>
  text.length > LONGEST ? instead : `"${text}"`
