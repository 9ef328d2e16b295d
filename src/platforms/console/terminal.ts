/**
 * Standard input and output. In a pipe: plain lines, no escape codes, each line answered before the next is read. In a terminal:
 * a prompt with history and completion, colours, cards that change in place.
 */
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Screen } from './board.js'

export interface TerminalParts {
  input: Readable & { isTTY?: boolean }
  output: Writable & { isTTY?: boolean; columns?: number }
}

export interface Terminal extends Screen {
  /** Calls `onLine` for each line in turn until input ends or it answers `false`. */
  run(onLine: (line: string) => Promise<boolean>, complete: (line: string) => string[]): Promise<void>
}

const DIM = '\u001b[2m'
const PLAIN = '\u001b[0m'
const PROMPT = '› '

export function createTerminal({ input, output }: TerminalParts): Terminal {
  const isTerminal = input.isTTY === true && output.isTTY === true
  let prompt: Interface | null = null

  const write = (lines: readonly string[]) => {
    const text = lines.map(line => `${isTerminal ? coloured(line) : line}\n`).join('')
    if (!prompt) {
      output.write(text)
      return
    }
    // What is being typed moves down, out of the way of what is being said.
    output.write(`\r\u001b[J${text}`)
    prompt.prompt(true)
  }

  /** Rows that lines take on the screen, since long ones wrap. */
  const rows = (lines: readonly string[]) =>
    lines.reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / (output.columns ?? 80))), 0)
  let shown: readonly string[] = []

  return {
    print(lines) {
      shown = lines
      write(lines)
    },

    rewrite(count, lines) {
      if (!isTerminal || shown.length !== count) return false
      output.write(`\r\u001b[${rows(shown)}A\u001b[J`)
      shown = lines
      write(lines)
      return true
    },

    async run(onLine, complete) {
      const lines = createInterface({
        input,
        output: isTerminal ? output : undefined,
        terminal: isTerminal,
        prompt: PROMPT,
        historySize: 500,
        completer: (typed: string) => [complete(typed), typed],
      } as Parameters<typeof createInterface>[0])
      if (isTerminal) {
        prompt = lines
        prompt.prompt()
      }
      try {
        for await (const line of lines) {
          if (!(await onLine(line))) break
          if (isTerminal) lines.prompt()
        }
      } finally {
        prompt = null
        lines.close()
      }
    },
  }
}

/** The prefix that says who can read a line steps back behind the line. */
function coloured(line: string): string {
  const end = line.indexOf(']') + 1
  return line.startsWith('[') && end > 0 ? `${DIM}${line.slice(0, end)}${PLAIN}${line.slice(end)}` : line
}
