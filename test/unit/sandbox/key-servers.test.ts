import { beforeEach, describe, expect, it } from 'vitest'
import { CloudTasks, type TaskRecord } from '../../../src/sandbox/cloud-tasks.js'
import { CUSTOMER_WAIT, KeyServers } from '../../../src/sandbox/key-servers.js'

const CLOUD = 'pcc-192-0-2-10'
const SHA1 = 'FE:21:E2:DE:B7:51:34:E9:9A:AB:E0:27:FF:1E:42:3A:15:9C:76:47'
const OTHER = SHA1.replace('FE', 'EF')
const wish = { ip: '203.0.113.7', sslThumbprint: SHA1, description: 'prod' }

let nowMs: number
let tasks: CloudTasks
let keyServers: KeyServers
beforeEach(() => {
  nowMs = 0
  tasks = new CloudTasks({ now: () => nowMs })
  keyServers = new KeyServers({ tasks, customerWaitMs: 2000, portOf: () => null })
})

/** What somebody sees who looks at this instant. */
function look(atMs: number): unknown[] {
  nowMs = atMs
  const [entry] = keyServers.list(CLOUD)
  const { state, description } = tasks.list(CLOUD).at(-1)!
  return [entry?.state ?? 'gone', state, description, keyServers.encryptionOf(CLOUD)]
}

function delivered(): TaskRecord {
  const task = keyServers.add(CLOUD, wish)
  look(nowMs + 10_000)
  return task
}
const only = () => keyServers.list(CLOUD)[0]!

describe('the states of a key server', () => {
  it('go from toCreate to delivered, waiting for the customer half way', () => {
    keyServers.add(CLOUD, wish)

    expect([look(0), look(500), look(1000), look(2999), look(3000), look(3500)]).toEqual([
      ['toCreate', 'todo', null, 'disabled'],
      ['creating', 'doing', null, 'enabling'],
      ['creating', 'doing', CUSTOMER_WAIT, 'enabling'],
      ['creating', 'doing', CUSTOMER_WAIT, 'enabling'],
      ['creating', 'doing', null, 'enabling'],
      ['delivered', 'done', null, 'enabled'],
    ])
    expect(tasks.list(CLOUD)[0]).toMatchObject({ progress: 100, endedAtMs: 3500, changedAtMs: 3500 })
  })

  it('go through an update, with the new thumbprint at once', () => {
    delivered()

    keyServers.change(only(), { sslThumbprint: OTHER })

    expect(only()).toMatchObject({ sslThumbprint: OTHER, description: 'prod' })
    expect([look(nowMs), look(nowMs + 500), look(nowMs + 500)]).toEqual([
      ['toUpdate', 'todo', null, 'enabled'],
      ['updating', 'doing', null, 'enabled'],
      ['delivered', 'done', null, 'enabled'],
    ])
  })

  it('end with its removal', () => {
    delivered()

    keyServers.remove(only())

    expect([look(nowMs), look(nowMs + 500), look(nowMs + 500)]).toEqual([
      ['toDelete', 'todo', null, 'disabling'],
      ['deleting', 'doing', null, 'disabling'],
      ['gone', 'done', null, 'disabled'],
    ])
    expect(() => keyServers.get(CLOUD, 350)).toThrow('does not exist')
  })
})

describe('a task that was stopped by hand', () => {
  it.each(['fixing', 'toCancel', 'unknown', 'waitingTodo'] as const)('holds in %s until told', state => {
    const task = keyServers.add(CLOUD, wish)
    nowMs = 600
    tasks.override(task, { state, description: 'Somebody is on it' })

    expect(look(1e9)).toEqual(['creating', state, 'Somebody is on it', 'enabling'])
    tasks.override(task, { state: 'doing' })
    expect(look(nowMs + 10_000)).toEqual(['delivered', 'done', null, 'enabled'])
  })

  it('goes on from where it failed once reset', () => {
    const task = keyServers.add(CLOUD, wish)
    nowMs = 1500
    tasks.override(task, { state: 'error', description: 'The host did not answer' })
    expect(look(1e9)).toEqual(['error', 'error', 'The host did not answer', 'error'])

    tasks.reset(task)

    expect(look(1e9)).toEqual(['creating', 'doing', CUSTOMER_WAIT, 'enabling'])
    expect(look(1e9 + 2500)).toEqual(['delivered', 'done', null, 'enabled'])
    expect(() => tasks.reset(task)).toThrow('Only a task in error')
  })

  it('leaves nothing of a key server whose creation is called off', () => {
    tasks.override(keyServers.add(CLOUD, wish), { state: 'canceled', description: 'No reply from vCenter' })

    expect(look(1e9)).toEqual(['gone', 'canceled', 'No reply from vCenter', 'disabled'])
    expect(keyServers.add(CLOUD, wish).state).toBe('todo')
  })

  it('gives back what was there when an update or a removal is called off', () => {
    delivered()

    tasks.override(keyServers.change(only(), { sslThumbprint: OTHER }), { state: 'canceled' })
    expect(only()).toMatchObject({ sslThumbprint: SHA1, state: 'delivered' })
    tasks.override(keyServers.remove(only()), { state: 'canceled' })
    expect(look(nowMs + 1e9)[0]).toBe('delivered')
  })

  it('does all that is left when told that it is done', () => {
    tasks.override(keyServers.add(CLOUD, wish), { state: 'done' })

    expect(look(0)).toEqual(['delivered', 'done', null, 'enabled'])
  })

  it('cannot be reset once another has taken its key server over', () => {
    const task = keyServers.add(CLOUD, wish)
    tasks.override(task, { state: 'error' })

    keyServers.remove(only())

    expect(() => tasks.reset(task)).toThrow('canceled')
    expect(look(10_000)[0]).toBe('gone')
  })
})

it.each(['toCreate', 'creating', 'toUpdate', 'updating', 'toDelete', 'deleting'] as const)(
  'a key server in %s takes no change',
  state => {
    delivered()
    only().state = state

    expect(() => keyServers.remove(only())).toThrow(state)
    expect(() => keyServers.change(only(), { sslThumbprint: OTHER })).toThrow(state)
    expect(only().sslThumbprint).toBe(SHA1)
  },
)
