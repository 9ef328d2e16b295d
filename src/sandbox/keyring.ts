/**
 * Who may speak: applications and their consumer keys, service accounts and their tokens
 * (OVHcloud API v1 schema, /auth and /me/api/oauth2). Everything here is made up at start and forgotten at the end.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/ports/clock.js'
import { Secret } from '../core/secret.js'

export interface AccessRule {
  method: string
  path: string
}

export interface Application {
  id: number
  key: string
  secret: Secret
}

export type ConsumerState = 'pendingValidation' | 'validated' | 'refused' | 'expired'

export interface Consumer {
  id: number
  key: string
  application: Application
  rules: readonly AccessRule[]
  allowedIPs: readonly string[] | null
  redirection: string | null
  /** What the person's browser carries instead of the key. */
  validationToken: string
  decision: 'pendingValidation' | 'validated' | 'refused'
  createdAt: number
  /** `null`: never. */
  expiresAt: number | null
  lastUseAt: number | null
}

export interface ServiceAccount {
  seq: number
  clientId: string
  secret: Secret
  name: string
  description: string
  flow: 'AUTHORIZATION_CODE' | 'CLIENT_CREDENTIALS'
  callbackUrls: readonly string[]
  createdAt: number
}

/** The clients' own example says 3599 (ovh/docs: authenticate-api-with-service-account). */
export const TOKEN_SECONDS = 3599

const EVERYTHING: readonly AccessRule[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(method => ({
  method,
  path: '/*',
}))

export class Keyring {
  readonly application: Application
  /** Validated, without end, allowed everything: the one that is printed at start. */
  readonly consumer: Consumer
  readonly serviceAccount: ServiceAccount
  readonly #consumers = new Map<string, Consumer>()
  readonly #accounts = new Map<string, ServiceAccount>()
  readonly #tokens = new Map<string, { clientId: string; expiresAt: number }>()
  readonly #clock: Clock
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.application = { id: 4711, key: word(16), secret: new Secret(word(32)) }
    this.consumer = this.addConsumer({ rules: EVERYTHING, allowedIPs: null, redirection: null })
    this.consumer.decision = 'validated'
    this.serviceAccount = this.addServiceAccount({
      name: 'okms-bot',
      description: 'The service account the sandbox prints at start',
      flow: 'CLIENT_CREDENTIALS',
      callbackUrls: [],
    })
  }

  applicationOf(key: string): Application | null {
    return key === this.application.key ? this.application : null
  }

  addConsumer(wish: Pick<Consumer, 'rules' | 'allowedIPs' | 'redirection'>): Consumer {
    const consumer: Consumer = {
      ...wish,
      id: 90_000 + ++this.#count,
      key: word(32),
      application: this.application,
      validationToken: word(48),
      decision: 'pendingValidation',
      createdAt: this.#clock.now(),
      expiresAt: null,
      lastUseAt: null,
    }
    this.#consumers.set(consumer.key, consumer)
    return consumer
  }

  consumerOf(key: string): Consumer | null {
    return this.#consumers.get(key) ?? null
  }

  consumers(): Consumer[] {
    return [...this.#consumers.values()]
  }

  removeConsumer({ key }: Consumer): void {
    this.#consumers.delete(key)
  }

  consumerByToken(validationToken: string): Consumer | null {
    for (const consumer of this.#consumers.values()) {
      if (consumer.validationToken === validationToken) return consumer
    }
    return null
  }

  stateOf(consumer: Consumer): ConsumerState {
    const ended = consumer.expiresAt !== null && this.#clock.now() >= consumer.expiresAt
    return ended ? 'expired' : consumer.decision
  }

  addServiceAccount(
    wish: Pick<ServiceAccount, 'name' | 'description' | 'flow' | 'callbackUrls'>,
  ): ServiceAccount {
    const account: ServiceAccount = {
      ...wish,
      seq: ++this.#count,
      clientId: randomBytes(8).toString('hex'),
      secret: new Secret(randomBytes(16).toString('hex')),
      createdAt: this.#clock.now(),
    }
    this.#accounts.set(account.clientId, account)
    return account
  }

  serviceAccounts(): ServiceAccount[] {
    return [...this.#accounts.values()]
  }

  serviceAccountOf(clientId: string): ServiceAccount | null {
    return this.#accounts.get(clientId) ?? null
  }

  /** Its tokens die with it. */
  removeServiceAccount(clientId: string): boolean {
    return this.#accounts.delete(clientId)
  }

  issueToken(account: ServiceAccount): string {
    const now = this.#clock.now()
    for (const [token, { expiresAt }] of this.#tokens) if (expiresAt <= now) this.#tokens.delete(token)
    const token = randomBytes(32).toString('base64url')
    this.#tokens.set(token, { clientId: account.clientId, expiresAt: now + TOKEN_SECONDS * 1000 })
    return token
  }

  /** `null` when the token is unknown or has ended. */
  accountOfToken(token: string): ServiceAccount | null {
    const known = this.#tokens.get(token)
    if (known === undefined || known.expiresAt <= this.#clock.now()) return null
    return this.serviceAccountOf(known.clientId)
  }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Keys look like 16 (application key) and 32 (secret, consumer key) letters and digits. */
function word(length: number): string {
  return [...randomBytes(length)].map(byte => LETTERS[byte % LETTERS.length]).join('')
}
