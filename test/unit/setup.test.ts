/** scripts/setup.sh in a clone of its own, with stand-ins for npm, tsc and the package managers, so that nothing is installed. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const SETUP = fileURLToPath(new URL('../../scripts/setup.sh', import.meta.url))
const TOOLS = [
  'bash',
  'sh',
  'cat',
  'chmod',
  'dirname',
  'find',
  'head',
  'mkdir',
  'mv',
  'rm',
  'sed',
  'sleep',
  'touch',
  'cp',
]
const LOCKS = ['flock', 'perl']

const clones: string[] = []
afterEach(() => {
  for (const clone of clones.splice(0)) rmSync(clone, { recursive: true, force: true })
})

/** A stand-in that notes how it was called, then does what it is told to. */
const standIn = (name: string, does: string) => `#!/bin/sh\necho "${name} $*" >> "$CLONE/calls"\n${does}\n`

const REDIS_7 = 'echo "Redis server v=7.0.15 sha=00000000:0 malloc=libc bits=64 build=1"'
const NPM = `mkdir -p node_modules/.bin && cp "$CLONE/tools/tsc" node_modules/.bin/tsc
[ -z "$NPM_SLEEPS" ] || sleep "$NPM_SLEEPS"
touch node_modules/.package-lock.json`
/** Compiles nothing; copies the sources to where the last argument says. */
const TSC = `[ ! -e src/broken.ts ] || { echo "src/broken.ts(1,1): error"; exit 2; }
cp -R src "$4/src"`

function clone(programs: Record<string, string> = {}, locks: readonly string[] = LOCKS) {
  const dir = mkdtempSync(join(tmpdir(), 'okms-setup-'))
  clones.push(dir)
  const repo = join(dir, 'repo')
  const bin = join(dir, 'bin')
  for (const folder of ['repo/scripts', 'repo/src', 'repo/commands', 'repo/jobs', 'bin', 'tools'])
    mkdirSync(join(dir, folder), { recursive: true })
  copyFileSync(SETUP, join(repo, 'scripts/setup.sh'))
  for (const file of [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'src/main.ts',
  ])
    writeFileSync(join(repo, file), '{}\n')
  for (const tool of [...TOOLS, ...locks]) {
    const path = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim()
    if (path !== '') symlinkSync(path, join(bin, tool))
  }
  const all = { node: 'echo v20.19.0', npm: NPM, id: 'echo 1000', 'redis-server': REDIS_7, ...programs }
  for (const [name, does] of Object.entries(all)) if (does !== '') add(join(bin, name), name, does)
  add(join(dir, 'tools/tsc'), 'tsc', TSC)
  function add(path: string, name: string, does: string) {
    writeFileSync(path, standIn(name, does))
    chmodSync(path, 0o755)
  }

  const env = { PATH: bin, CLONE: dir }
  return {
    repo,
    run: (more: Record<string, string> = {}) =>
      spawnSync(join(repo, 'scripts/setup.sh'), { cwd: dir, env: { ...env, ...more }, encoding: 'utf8' }),
    begin(more: Record<string, string> = {}) {
      const child = spawn(join(repo, 'scripts/setup.sh'), {
        cwd: dir,
        env: { ...env, ...more },
        stdio: 'ignore',
      })
      return once(child, 'exit').then(([code]: unknown[]) => code)
    },
    /** How often each stand-in was called, but for the questions after a version or a name. */
    calls: () =>
      existsSync(join(dir, 'calls'))
        ? readFileSync(join(dir, 'calls'), 'utf8')
            .split('\n')
            .filter(line => line !== '' && !/--version|^id /.test(line))
        : [],
    script: (line: string) =>
      spawnSync('bash', ['-c', line], { cwd: repo, env, input: 'ana: /okms list\n', encoding: 'utf8' }),
    write: (path: string, text = '') => writeFileSync(join(repo, path), text),
    remove: (path: string) => rmSync(join(repo, path)),
    /** Makes a file look changed after everything that is there. */
    change: (path: string) => utimesSync(join(repo, path), new Date(), new Date(Date.now() + 5000)),
    has: (path: string) => existsSync(join(repo, path)),
  }
}

describe('set-up of a fresh clone', () => {
  it('installs, compiles, and has nothing to do the second time', () => {
    const { run, calls, has } = clone()

    expect(run()).toMatchObject({ status: 0, stdout: '' })
    expect(calls()).toEqual([
      expect.stringMatching(/^npm ci --include=dev /),
      expect.stringMatching(/^tsc -p tsconfig\.build\.json /),
    ])
    expect(has('dist/src/main.ts')).toBe(true)

    expect(run()).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(calls()).toHaveLength(2)
  })

  it('leaves standard input and output to the program that follows', () => {
    const { script } = clone()

    expect(script('scripts/setup.sh && cat').stdout).toBe('ana: /okms list\n')
  })

  it('installs the tools of development even where the environment speaks of production', () => {
    const { run, calls } = clone({ npm: `echo "NODE_ENV is $NODE_ENV" >> "$CLONE/calls"\n${NPM}` })

    run({ NODE_ENV: 'production', npm_config_omit: 'dev' })

    expect(calls()).toContain('NODE_ENV is development')
  })

  it('says what to do when npm fails, and tries again next time', () => {
    const { run, calls } = clone({ npm: 'echo "network is unreachable" >&2; exit 1' })

    const { status, stderr } = run()
    run()

    expect(status).toBe(1)
    expect(stderr).toMatch(/network is unreachable\nset-up: npm ci did not succeed; .*\.\n$/)
    expect(calls()).toHaveLength(2)
  })

  it.each([LOCKS, ['perl']])('does the work once when started twice at once, with %s', async (...locks) => {
    const { begin, calls } = clone({}, locks)

    const codes = await Promise.all([begin({ NPM_SLEEPS: '0.3' }), begin({ NPM_SLEEPS: '0.3' })])

    expect(codes).toEqual([0, 0])
    expect(calls().filter(call => call.startsWith('npm'))).toHaveLength(1)
    expect(calls().filter(call => call.startsWith('tsc'))).toHaveLength(1)
  })
})

describe('set-up later on', () => {
  it('installs again when the lock file is newer', () => {
    const { run, calls, change } = clone()
    run()
    change('package-lock.json')

    run()

    expect(calls().filter(call => call.startsWith('npm'))).toHaveLength(2)
  })

  it.each(['src/main.ts', 'tsconfig.json', 'package.json'])('compiles again when %s is newer', path => {
    const { run, calls, change } = clone()
    run()
    change(path)

    run()

    expect(calls().filter(call => call.startsWith('tsc'))).toHaveLength(2)
  })

  it('keeps nothing whose source is gone', () => {
    const { run, write, remove, change, has } = clone()
    write('src/old.ts')
    run()
    expect(has('dist/src/old.ts')).toBe(true)
    remove('src/old.ts')
    change('src')

    run()

    expect(has('dist/src/old.ts')).toBe(false)
    expect(has('dist/src/main.ts')).toBe(true)
  })

  it('keeps the last good dist/ when the sources do not compile', () => {
    const { run, write, change, repo } = clone()
    run()
    write('src/broken.ts')
    change('src')

    const { status, stderr } = run()

    expect(status).toBe(1)
    expect(stderr).toContain('src/broken.ts(1,1): error\nset-up: The sources do not compile')
    expect(readdirSync(repo).filter(name => name.startsWith('dist'))).toEqual(['dist'])
    expect(readdirSync(join(repo, 'dist/src'))).toEqual(['main.ts'])
  })
})

describe('set-up on a machine that lacks something', () => {
  it.each([
    [
      'an old Node',
      { node: 'echo v18.20.4' },
      /^set-up: Node 20\.19 or newer is needed and this is v18\.20\.4: .*\.\n$/,
    ],
    ['a Node that is almost new enough', { node: 'echo v20.18.3' }, /this is v20\.18\.3/],
    ['no Node', { node: '' }, /^set-up: Node 20\.19 or newer with npm is needed: .*\.\n$/],
    [
      'no redis-server and nothing to install it with',
      { 'redis-server': '' },
      /A redis-server, 6\.2 or newer, is needed .*brew install redis.*REDIS_URL to one that runs\.\n$/,
    ],
  ])('says in one sentence what to do about %s', (_, programs, sentence) => {
    const { run } = clone(programs)

    const { status, stdout, stderr } = run()

    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(
      stderr
        .split('set-up: compiling dist/\n')
        .at(-1)!
        .split('set-up: installing packages (npm ci)\n')
        .at(-1),
    ).toMatch(sentence)
  })

  it('takes newer Nodes', () => {
    expect(clone({ node: 'echo v22.3.0' }).run().status).toBe(0)
  })

  const GIVES_REDIS = `printf '#!/bin/sh\\n${REDIS_7.replaceAll('"', '')}\\n' > "$CLONE/bin/redis-server"; chmod 755 "$CLONE/bin/redis-server"`

  it('installs redis-server with apt as root, without its service', () => {
    // The stand-in for sudo keeps what it should run instead of running it.
    const sudo = `[ "$2" = true ] && exit 0; ${GIVES_REDIS}`
    const { run, calls } = clone({ 'redis-server': '', 'apt-get': 'exit 1', sudo })

    expect(run().status).toBe(0)
    const asked = calls().join('\n')
    expect(asked).toMatch(/apt-get .*update/)
    expect(asked).toMatch(/apt-get .*install -y --no-install-recommends redis-server/)
    expect(asked).toContain('DEBIAN_FRONTEND=noninteractive')
    expect(asked).toContain('policy-rc.d')
    expect(asked).toContain('systemctl disable --now redis-server')
  })

  it('does not ask for a password', () => {
    const { run } = clone({ 'redis-server': '', 'apt-get': 'exit 1', sudo: 'exit 1' })

    expect(run().stderr).toContain('needs root (or sudo without a password)')
  })

  it('installs redis with Homebrew', () => {
    const { run, calls } = clone({ 'redis-server': '', brew: GIVES_REDIS })

    expect(run().status).toBe(0)
    expect(calls()).toContain('brew install redis')
  })

  it('leaves a redis-server that is too old alone, and says so', () => {
    const { run, calls } = clone({
      'redis-server': 'echo "Redis server v=6.0.16 sha=0"',
      'apt-get': 'exit 0',
      sudo: 'exit 0',
    })

    const { status, stderr } = run()

    expect(status).toBe(1)
    expect(stderr).toContain('The redis-server on the PATH is 6.0 and 6.2 or newer is needed')
    expect(calls().filter(call => /^(sudo|apt-get)/.test(call))).toEqual([])
  })

  it('takes 6.2, and what Valkey calls itself', () => {
    expect(clone({ 'redis-server': 'echo "Redis server v=6.2.0 sha=0"' }).run().status).toBe(0)
    expect(clone({ 'redis-server': 'echo "Valkey server v=8.0.1 sha=0"' }).run().status).toBe(0)
  })

  it('needs no redis-server where REDIS_URL names one', () => {
    expect(clone({ 'redis-server': '' }).run({ REDIS_URL: 'redis://127.0.0.1' }).status).toBe(0)
  })
})
