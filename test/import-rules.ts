/**
 * Which file may know which: the arrows of ARCHITECTURE.md as a table, each broken one answered with what a colleague would say.
 * Pure: sources in, sentences out. imports.test.ts runs it on the repository.
 */
import { posix } from 'node:path'

/** Path from the root → text. */
export type Sources = ReadonlyMap<string, string>

export interface Import {
  from: string
  /** As written: `./x.js`, `bullmq`, `node:fs`. */
  specifier: string
  /** The file of ours it leads to; `null` for a library. */
  to: string | null
}

/** Where real things meet: programs and what builds them, directly in src/, and the demo. These may know everything. */
const ROOTS = /^src\/(?!config\.ts$)[a-z-]+\.ts$|^src\/demo\//

/** An area and what it may know beside itself and Node. An area that is not here is answered with a request to add it. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  commands: ['src/core', 'jobs'],
  jobs: ['src/core', 'src/pki'],
  'src/core': [],
  'src/config': ['src/core'],
  'src/bot': ['src/core'],
  'src/pki': ['src/core'],
  'src/ovh': ['src/core'],
  'src/kmip': ['src/core'],
  'src/queue': ['src/core'],
  'src/store': ['src/core'],
  'src/ops': ['src/core'],
  'src/pictures': ['src/core'],
  'src/platforms/discord': ['src/core'],
  'src/platforms/slack': ['src/core'],
  'src/platforms/console': ['src/core'],
  'src/sandbox': ['src/pki', 'src/core'],
}

/** One library, one door. zod is our common language for shapes, and welcome everywhere. */
const DOORS: Readonly<Record<string, { area: string; say: string }>> = {
  bullmq: { area: 'src/queue', say: 'only src/queue knows BullMQ: ask ports/queue.ts' },
  ioredis: { area: 'src/store', say: 'only src/store knows Redis: give the store a verb for it' },
  ovh: { area: 'src/ovh', say: 'only src/ovh signs calls to OVHcloud: ask a port' },
  undici: { area: 'src/ovh', say: 'only src/ovh calls OVHcloud: ask a port' },
  '@peculiar/x509': { area: 'src/pki', say: 'only src/pki reads and makes certificates: call it with bytes' },
  'node-forge': { area: 'src/pki', say: 'only src/pki makes bundles: call it with bytes' },
  'reflect-metadata': { area: 'src/pki', say: 'only the certificate library needs it, in src/pki' },
  pino: { area: 'src/ops', say: 'only src/ops writes logs: take a Log (ports/log.ts) as an argument' },
  'prom-client': {
    area: 'src/ops',
    say: 'only src/ops knows Prometheus: take a Metrics (ports/metrics.ts) as an argument',
  },
  '@bull-board/api': { area: 'src/ops', say: 'only src/ops shows the queue board' },
  '@bull-board/express': { area: 'src/ops', say: 'only src/ops shows the queue board' },
  '@resvg/resvg-js': {
    area: 'src/pictures',
    say: 'only src/pictures draws: take a Painter (ports/painter.ts)',
  },
  'dejavu-fonts-ttf': {
    area: 'src/pictures',
    say: 'only src/pictures draws: take a Painter (ports/painter.ts)',
  },
  yaml: { area: 'src/bot', say: 'only the policy file is YAML, and src/bot reads it' },
  'discord.js': {
    area: 'src/platforms/discord',
    say: 'only src/platforms/discord knows Discord: return a Reply',
  },
  '@slack/bolt': { area: 'src/platforms/slack', say: 'only src/platforms/slack knows Slack: return a Reply' },
  '@slack/web-api': {
    area: 'src/platforms/slack',
    say: 'only src/platforms/slack knows Slack: return a Reply',
  },
}
const EVERYWHERE = ['zod']

/** The first that fits is said; `*` fits every area. */
const SENTENCES: readonly { from: string; to: RegExp; say: string }[] = [
  {
    from: '*',
    to: /^src\/sandbox/,
    say: 'production never loads the sandbox; only the demo and the tests do',
  },
  {
    from: 'commands',
    to: /^src\/platforms\/discord/,
    say: 'a command should not know Discord exists: return a Reply',
  },
  {
    from: 'commands',
    to: /^src\/platforms\/slack/,
    say: 'a command should not know Slack exists: return a Reply',
  },
  {
    from: 'commands',
    to: /^src\/platforms/,
    say: 'a command speaks to every platform alike: return a Reply',
  },
  {
    from: 'commands',
    to: /^src\/(ovh|kmip|store|queue)/,
    say: 'a command looks nothing up itself: `ask` a read or `start` a job',
  },
  { from: 'commands', to: /^src\/pki/, say: 'a command handles no keys or certificates: its job does' },
  { from: 'jobs', to: /^commands/, say: 'a job does not know who started it' },
  { from: 'jobs', to: /^src\/(ovh|kmip)/, say: 'a job talks to OVHcloud through a port it is given' },
  {
    from: 'jobs',
    to: /^src\/(store|queue)/,
    say: 'a job does not know where its steps are remembered: use `step`',
  },
  { from: 'jobs', to: /^src\/platforms/, say: 'a job does not know where its card is shown' },
  {
    from: 'src/core',
    to: /./,
    say: 'core looks at nobody: move the shared word into src/core, or hand the thing in',
  },
  { from: 'src/pki', to: /./, say: 'pki is pure: bytes in, bytes out' },
  {
    from: 'src/bot',
    to: /^(commands|jobs)/,
    say: 'the bot is given commands and jobs; bot/load.ts finds them by folder',
  },
  {
    from: 'src/bot',
    to: /./,
    say: 'the bot knows ports, never who stands behind them: take it as an argument',
  },
  { from: 'src/config', to: /./, say: 'settings are plain data: whoever needs them is built in main.ts' },
  {
    from: 'src/sandbox',
    to: /./,
    say: 'the sandbox is a stand-in for OVHcloud and shares no code with what it tests',
  },
  {
    from: '*',
    to: ROOTS,
    say: 'parts are handed to each other by the file that builds them, and never ask it',
  },
  { from: '*', to: /^(commands|jobs)/, say: 'the machinery does not know what the bot is for' },
  {
    from: '*',
    to: /./,
    say: 'an adapter knows src/core and its own vendor, never another adapter: meet at a port',
  },
]

/** Inside core: words, then ports, then definitions. A lower one does not look up. */
const CORE_LAYERS = ['word', 'port', 'definition'] as const
const DEFINITIONS = ['command', 'job', 'tick', 'index'].map(name => `src/core/${name}.ts`)

/** Who may read the environment: where settings are read, and programs of their own. */
const MAY_READ_ENVIRONMENT =
  /^src\/config(\.ts$|\/)|^src\/demo\/|^src\/sandbox\/main\.ts$|^src\/(audit-verify|policy-check|discord-invite|slack-manifest)\.ts$/
const FACE = 'src/core/index.ts'

export function areaOf(path: string): string {
  const parts = path.split('/')
  if (parts[0] !== 'src') return parts[0]!
  if (parts.length === 2) return `src/${parts[1]!.replace(/\.ts$/, '')}`
  return parts[1] === 'platforms' ? parts.slice(0, 3).join('/') : `src/${parts[1]}`
}

const STATIC = /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

export function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(STATIC), ...text.matchAll(DYNAMIC)].map(([, specifier]) => ({
      from,
      specifier: specifier!,
      to: specifier!.startsWith('.')
        ? posix.join(posix.dirname(from), specifier!).replace(/\.js$/, '.ts')
        : null,
    })),
  )
}

/** Everything that breaks the picture, one line each: `file → what: sentence`. */
export function complaints(sources: Sources): string[] {
  const imports = importsOf(sources)
  return [
    ...imports.flatMap(one =>
      one.to === null ? libraryComplaint(one) : fileComplaint(one, one.to, sources),
    ),
    ...cycles(imports),
    ...[...sources].flatMap(([path, text]) => habits(path, text)),
  ]
}

function fileComplaint({ from, specifier }: Import, to: string, sources: Sources): string[] {
  if (!specifier.endsWith('.js'))
    return [`${from} → ${specifier}: write the import as Node finds it, ending in .js`]
  if (!sources.has(to)) return [`${from} → ${specifier}: there is no ${to}`]
  const [here, there] = [areaOf(from), areaOf(to)]
  if (here === 'src/core' && there === 'src/core') return layerComplaint(from, to)
  const isDemo = from.startsWith('src/demo/')
  if (here === there || isDemo || (ROOTS.test(from) && there !== 'src/sandbox')) return []
  const known = MAY_KNOW[here]
  if (known === undefined && !ROOTS.test(from))
    return [`${from}: say in test/import-rules.ts what ${here} may know`]
  if (known?.includes(there)) return []
  const { say } = SENTENCES.find(row => (row.from === '*' || row.from === here) && row.to.test(to))!
  return [`${from} → ${to}: ${say}`]
}

function layerComplaint(from: string, to: string): string[] {
  const layer = (path: string) =>
    DEFINITIONS.includes(path) ? 2 : path.startsWith('src/core/ports/') ? 1 : 0
  if (layer(to) <= layer(from) && to !== FACE) return []
  const [lower, upper] = [CORE_LAYERS[layer(from)], CORE_LAYERS[layer(to)]]
  return [
    `${from} → ${to}: in core a ${lower} does not know a ${upper}: move what they share down into a word`,
  ]
}

function libraryComplaint({ from, specifier }: Import): string[] {
  if (specifier.startsWith('node:')) return []
  const library = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  if (EVERYWHERE.includes(library)) return []
  const door = DOORS[library]
  if (door === undefined)
    return [`${from} → ${specifier}: give ${library} a door of its own in test/import-rules.ts`]
  return areaOf(from) === door.area ? [] : [`${from} → ${specifier}: ${door.say}`]
}

/** Libraries that have a door, or none because they are welcome everywhere. */
export const KNOWN_LIBRARIES: readonly string[] = [...Object.keys(DOORS), ...EVERYWHERE]

/** Each circle once, from its first file around to it again. */
export function cycles(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) if (to !== null) next.set(from, [...(next.get(from) ?? []), to])
  const found: string[] = []
  const done = new Set<string>()
  function walk(file: string, trail: readonly string[]): void {
    const seenAt = trail.indexOf(file)
    if (seenAt >= 0)
      found.push(`${[...trail.slice(seenAt), file].join(' → ')}: these import each other in a circle`)
    if (seenAt >= 0 || done.has(file)) return
    for (const one of next.get(file) ?? []) walk(one, [...trail, file])
    done.add(file)
  }
  for (const file of [...next.keys()].sort()) walk(file, [])
  return found
}

function habits(path: string, text: string): string[] {
  const found: string[] = []
  if (/(^|[/-])(utils?|helpers?|misc|common)[/.-]/.test(path)) {
    found.push(`${path}: a file called so is a subject that has not been named yet`)
  }
  if (/\bprocess\.env\b/.test(text) && !MAY_READ_ENVIRONMENT.test(path)) {
    found.push(`${path}: the environment is read once, in src/config.ts; take the setting as an argument`)
  }
  if (/^export\s[^'"`;=(]*\sfrom\s+['"]/m.test(text) && path !== FACE) {
    found.push(`${path}: ${FACE} is the one file that re-exports; import from where the thing is`)
  }
  return found
}
