/** Reads the files of test/vectors/pki; its README says how each was made. */
import { readdirSync, readFileSync } from 'node:fs'
import { Secret } from '../../../src/core/secret.js'

const FOLDER = new URL('../../vectors/pki/', import.meta.url)

export const vector = (path: string): string => readFileSync(new URL(path, FOLDER), 'utf8')

export const secretVector = (path: string): Secret => new Secret(vector(path))

/** The public half of a key, as openssl sees it. */
export const spkiVector = (id: string): Buffer => Buffer.from(vector(`keys/${id}.spki.base64`), 'base64')

export const vectorNames = (folder: string, ending: string): string[] =>
  readdirSync(new URL(folder, FOLDER))
    .filter(name => name.endsWith(ending))
    .map(name => name.slice(0, -ending.length))

/** `name=value` lines of `openssl x509 -noout …`. */
export const factsOf = (certificate: string): Record<string, string> =>
  Object.fromEntries(
    vector(`certificates/${certificate}.txt`)
      .trim()
      .split('\n')
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
