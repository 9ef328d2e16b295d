/**
 * Goes through the Dockerfile where no container engine is at hand: each stage is a folder, its RUN and COPY lines are carried out
 * there as they stand. Knows FROM, WORKDIR, ENV, COPY and RUN, and refuses what it does not know; the node here stands for the
 * one of the base image.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

interface Instruction {
  word: string
  rest: string
}

export interface Image {
  /** Stands for `/` of the last stage. */
  root: string
  workdir: string
  env: Record<string, string>
  user: string
  stopSignal: string
  /** As argument lists; only the exec form is known. */
  command: string[]
  healthCommand: string[]
  base: string
}

/** Instructions that say something about the image and do nothing while it is built. */
const SAYS = ['LABEL', 'USER', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK', 'CMD']

export function parseDockerfile(text: string): Instruction[] {
  return text
    .split('\n')
    .filter(line => !line.startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
    .map(line => {
      const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
      if (!word || !rest) throw new Error(`This line of the Dockerfile is not understood: ${line}`)
      return { word, rest }
    })
}

/** @param into a folder for the stages @returns the last stage; those that do not need each other are gone through at once */
export async function buildImage(context: string, into: string): Promise<Image> {
  const instructions = parseDockerfile(await readFile(join(context, 'Dockerfile'), 'utf8'))
  const from = { context, ignored: await ignoreRules(context), stages: new Map<string, Promise<Image>>() }
  const starts = instructions.flatMap(({ word }, at) => (word === 'FROM' ? [at] : []))
  let last: Promise<Image> | undefined
  for (const [nth, at] of starts.entries()) {
    const [, base, name = 'last'] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instructions[at]!.rest) ?? []
    last = buildStage(newImage(base!, join(into, name)), instructions.slice(at + 1, starts[nth + 1]), from)
    from.stages.set(name, last)
  }
  await Promise.all(from.stages.values())
  if (!last) throw new Error('The Dockerfile has no FROM')
  return last
}

interface From {
  context: string
  ignored: (path: string) => boolean
  stages: ReadonlyMap<string, Promise<Image>>
}

async function buildStage(image: Image, instructions: readonly Instruction[], from: From): Promise<Image> {
  await mkdir(image.root, { recursive: true, mode: 0o755 })
  for (const { word, rest } of instructions) {
    if (word === 'WORKDIR') {
      image.workdir = rest
      await mkdir(inside(image, '.'), { recursive: true, mode: 0o755 })
    } else if (word === 'ENV') Object.assign(image.env, pairs(rest))
    else if (word === 'COPY') await copy(rest, image, from)
    else if (word === 'RUN') await run(rest, image)
    else if (SAYS.includes(word)) note(word, rest, image)
    else throw new Error(`${word} of the Dockerfile is not known here`)
  }
  return image
}

const newImage = (base: string, root: string): Image => ({
  base,
  root,
  workdir: '/',
  env: {},
  user: 'root',
  stopSignal: 'SIGTERM',
  command: [],
  healthCommand: [],
})

/** A path of the image in the folder that stands for it. */
export const inside = ({ root, workdir }: Image, path: string) =>
  path.startsWith('/') ? join(root, path) : join(root, workdir, path)

const pairs = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)].map(([, key, quoted, bare]) => [key, quoted ?? bare]),
  )

async function copy(rest: string, image: Image, from: From): Promise<void> {
  const [, stage, list] = /^(?:--from=(\S+)\s+)?([^-].*)$/.exec(rest) ?? []
  if (!list) throw new Error(`COPY ${rest} is not known here`)
  const sources = list.trim().split(/\s+/)
  const target = sources.pop()!
  for (const source of sources) {
    if (!stage && from.ignored(source)) throw new Error(`${source} is copied, and .dockerignore keeps it out`)
    const path = stage ? inside((await from.stages.get(stage))!, source) : join(from.context, source)
    const isFolder = (await stat(path)).isDirectory()
    // Of a folder the contents are copied, of a file itself: https://docs.docker.com/reference/dockerfile/#copy
    const into =
      isFolder || !target.endsWith('/') ? inside(image, target) : join(inside(image, target), source)
    await cp(path, into, { recursive: true, verbatimSymlinks: true })
  }
}

async function run(rest: string, image: Image): Promise<void> {
  const { PATH, HOME } = process.env
  // What was fetched before need not be fetched again; the lock file's digests hold either way.
  const env = { PATH, HOME, npm_config_prefer_offline: 'true', ...image.env }
  try {
    await promisify(execFile)('sh', ['-c', rest], { cwd: inside(image, '.'), env, maxBuffer: 2 ** 24 })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`RUN ${rest} did not succeed:\n${stdout}${stderr}`)
  }
}

function note(word: string, rest: string, image: Image): void {
  const list = (text: string) => JSON.parse(text) as string[]
  if (word === 'USER') image.user = rest
  if (word === 'STOPSIGNAL') image.stopSignal = rest
  if (word === 'CMD') image.command = list(rest)
  if (word === 'HEALTHCHECK') image.healthCommand = list(rest.slice(rest.indexOf('CMD ') + 4))
}

/** Whether .dockerignore keeps a path out. Knows whole names at the top and `!`, of which the last that fits holds. */
async function ignoreRules(context: string): Promise<(path: string) => boolean> {
  const rules = (await readFile(join(context, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
  return path => {
    const last = rules.findLast(rule => ['*', path].includes(rule.replace(/^!/, '')))
    return last !== undefined && !last.startsWith('!')
  }
}
