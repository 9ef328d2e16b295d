/** What somebody typed, as it is said back to them and written to the log. */

/** A key of 128 bits has 22 characters, and whatever was pasted in the wrong place must be repeated nowhere. */
const LONGEST = 20
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** `"banana"`, or `instead` of what is too long to be a slip of the keyboard. */
export const quoted = (text: string, instead = 'A long word'): string =>
  text.length <= LONGEST || UUID.test(text) ? `"${text}"` : instead
