/** Where files land that the bot hands to a person in the terminal: `<home>/inbox/<person>/`, and pictures: `<home>/pictures/`. Readable by the owner alone. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export interface Inbox {
  /** Writes a file of mode 0600 and answers its path as people would type it. One that exists gets `-<suffix>`. */
  put(person: string, name: string, content: Buffer, suffix: string): Promise<string>
  /** Writes a picture that everybody may see over the last one of that name, and answers its path. */
  show(name: string, content: Buffer): Promise<string>
}

export function createInbox(home: string): Inbox {
  return {
    async put(person, name, content, suffix) {
      const folder = join(home, 'inbox', person)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      for (const candidate of [name, suffixed(name, suffix), suffixed(name, `${suffix}-${Date.now()}`)]) {
        const path = join(folder, candidate)
        try {
          // O_EXCL: never through a link, never over a file that is there.
          const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
          await file.writeFile(content).finally(() => file.close())
          return pathAsTyped(path)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        }
      }
      throw new Error(`${join(folder, name)} exists already`)
    },

    async show(name, content) {
      const folder = join(home, 'pictures')
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = join(folder, name)
      const fresh = `${path}.${randomUUID()}`
      await writeFile(fresh, content, { mode: 0o600, flag: 'wx' })
      await rename(fresh, path)
      return pathAsTyped(path)
    },
  }
}

/** Relative below the folder the person is in, whole elsewhere. */
function pathAsTyped(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere.startsWith('..') ? path : fromHere
}

/** `reader.key.pem` becomes `reader-7F3K9Q2M.key.pem`. */
function suffixed(name: string, suffix: string): string {
  const dot = name.indexOf('.')
  return dot <= 0 ? `${name}-${suffix}` : `${name.slice(0, dot)}-${suffix}${name.slice(dot)}`
}
