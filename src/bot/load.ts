/** Reads commands/ and jobs/, and refuses a file that is neither, by name: dropping a file there is all that adding one takes. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command, PressDefinition } from '../core/command.js'
import type { Job, Read } from '../core/job.js'
import type { Tick } from '../core/tick.js'

export interface Definitions {
  commands: readonly Command[]
  presses: ReadonlyMap<string, PressDefinition>
  jobs: ReadonlyMap<string, Job<never>>
  reads: ReadonlyMap<string, Read<never, unknown>>
  ticks: ReadonlyMap<string, Tick>
}

/** @param root the folder that holds `commands` and `jobs`, compiled or not */
export async function loadDefinitions(root: string): Promise<Definitions> {
  const commands: Command[] = []
  const presses = new Map<string, PressDefinition>()
  const jobs = new Map<string, Job<never>>()
  const reads = new Map<string, Read<never, unknown>>()
  const ticks = new Map<string, Tick>()

  for (const { file, exports } of await importAll(join(root, 'commands'))) {
    if (!isCommand(exports.default))
      throw new Error(`${file} has no command as its default export (defineCommand).`)
    commands.push(exports.default)
    for (const press of Array.isArray(exports.presses) ? (exports.presses as PressDefinition[]) : []) {
      addOnce(presses, press.name, press, file)
    }
  }
  for (const { file, exports } of await importAll(join(root, 'jobs'))) {
    const found = Object.values(exports).filter(isWork)
    if (found.length === 0) {
      throw new Error(`${file} exports no job (defineJob), no read (defineRead) and no tick (defineTick).`)
    }
    for (const definition of found) {
      if (definition.kind === 'flow') addOnce(jobs, definition.name, definition, file)
      else if (definition.kind === 'read') addOnce(reads, definition.name, definition, file)
      else addOnce(ticks, definition.name, definition, file)
    }
  }
  commands.sort((a, b) => a.name.localeCompare(b.name))
  const twice = commands.find((command, i) => command.name === commands[i + 1]?.name)
  if (twice) throw new Error(`Two files declare the command "${twice.name}".`)
  return { commands, presses, jobs, reads, ticks }
}

async function importAll(folder: string): Promise<{ file: string; exports: Record<string, unknown> }[]> {
  const files = (await readdir(folder))
    .filter(name => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
    .sort()
  return Promise.all(
    files.map(async name => {
      const file = join(folder, name)
      return { file, exports: (await import(pathToFileURL(file).href)) as Record<string, unknown> }
    }),
  )
}

function addOnce<T>(map: Map<string, T>, name: string, value: T, file: string): void {
  if (map.has(name)) throw new Error(`${file} declares "${name}" a second time.`)
  map.set(name, value)
}

function isCommand(value: unknown): value is Command {
  return (
    typeof value === 'object' && value !== null && 'requires' in value && 'answers' in value && 'run' in value
  )
}

function isWork(value: unknown): value is Job<never> | Read<never, unknown> | Tick {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  return value.kind === 'flow' || value.kind === 'read' || value.kind === 'tick'
}
