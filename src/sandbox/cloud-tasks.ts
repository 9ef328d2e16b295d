/**
 * Tasks of the Private Clouds (OVHcloud API v1 schema, `dedicatedCloud.Task`). A task is a row of phases; which one it is in is
 * worked out from the clock whenever somebody looks, so moving the clock is enough.
 */
import { randomInt } from 'node:crypto'
import type { Clock } from '../core/ports/clock.js'
import type { TaskState } from './cloud-schemas.js'
import { formatInstant, type Instant } from './instants.js'
import { badRequest, conflict, notFound } from './refusal.js'

export interface Phase {
  state: TaskState
  progress: number
  description: string | null
  lastsMs: number
  /** What becomes true when it begins; also when it begins again. */
  begin?: () => void
}

export interface TaskPlan {
  /** Which names OVHcloud gives is in no public source; ours. */
  name: string
  phases: readonly Phase[]
  /** What becomes of the thing when the task fails, or is called off. */
  failed?: () => void
  canceled?: () => void
  userId?: number
  /** Within this the customer may choose when it begins. */
  maintenance?: { fromMs: number; toMs: number }
}

export interface TaskRecord {
  taskId: number
  serviceName: string
  plan: TaskPlan
  phase: number
  phaseEndsAtMs: number
  state: TaskState
  progress: number
  description: string | null
  /** Stopped by hand in a state that does not pass by itself. */
  held: boolean
  executionAt: Instant
  changedAtMs: number
  endedAtMs: number | null
}

/** A task as a test sees it. */
export interface TaskSnapshot {
  taskId: number
  serviceName: string
  name: string
  state: TaskState
  description: string | null
}

const FIRST_TASK_ID = 90_201

export class CloudTasks {
  readonly #tasks = new Map<number, TaskRecord>()
  readonly #byCloud = new Map<string, TaskRecord[]>()
  readonly #clock: Clock
  #nextId = FIRST_TASK_ID

  constructor(clock: Clock) {
    this.#clock = clock
  }

  start(serviceName: string, plan: TaskPlan): TaskRecord {
    const now = this.#clock.now()
    const micros = randomInt(1000)
    const task: TaskRecord = {
      taskId: this.#nextId++,
      serviceName,
      plan,
      phase: 0,
      phaseEndsAtMs: 0,
      state: 'todo',
      progress: 0,
      description: null,
      held: false,
      // A maintenance begins when its first phase, the wait for it, is over.
      executionAt: { ms: plan.maintenance ? now + plan.phases[0]!.lastsMs : now, micros },
      changedAtMs: now,
      endedAtMs: null,
    }
    enter(task, 0, now)
    this.#tasks.set(task.taskId, task)
    this.#byCloud.set(serviceName, [...(this.#byCloud.get(serviceName) ?? []), task])
    return task
  }

  /** Lets everything happen that is due in a Private Cloud, in the order of time. */
  settle(serviceName: string): void {
    const now = this.#clock.now()
    const tasks = this.#byCloud.get(serviceName) ?? []
    for (;;) {
      const due = tasks.filter(task => !isEnded(task) && !task.held && task.phaseEndsAtMs <= now)
      const [first] = due.sort((a, b) => a.phaseEndsAtMs - b.phaseEndsAtMs)
      if (first === undefined) return
      enter(first, first.phase + 1, first.phaseEndsAtMs)
    }
  }

  /** Oldest first. */
  list(serviceName: string): TaskRecord[] {
    this.settle(serviceName)
    return [...(this.#byCloud.get(serviceName) ?? [])]
  }

  find(taskId: number): TaskRecord | null {
    const task = this.#tasks.get(taskId) ?? null
    if (task !== null) this.settle(task.serviceName)
    return task
  }

  /** @throws Refusal 404 */
  get(serviceName: string, taskId: number): TaskRecord {
    const task = this.find(taskId)
    if (task?.serviceName !== serviceName) throw notFound('The requested object (taskId) does not exist')
    return task
  }

  /** @throws Refusal 409 unless it failed */
  reset(task: TaskRecord): void {
    if (task.state !== 'error') {
      throw conflict(`Only a task in error can be reset, this one is in state ${task.state}`)
    }
    enter(task, task.phase, this.#clock.now())
  }

  /** @throws Refusal 409 for a task without a maintenance to move, 400 outside of its bounds */
  reschedule(task: TaskRecord, atMs: number): void {
    const { maintenance } = task.plan
    if (maintenance === undefined || task.phase > 0 || isEnded(task)) {
      throw conflict('The date of this task cannot be changed')
    }
    if (atMs < Math.max(maintenance.fromMs, this.#clock.now()) || atMs > maintenance.toMs) {
      throw badRequest('[executionDate] Not within the dates of the maintenance')
    }
    task.executionAt = { ms: atMs, micros: 0 }
    task.phaseEndsAtMs = atMs
    task.changedAtMs = this.#clock.now()
  }

  /**
   * Sets a state by hand: `done`, `canceled` and `error` with all that follows from them; `doing` begins the work, or begins it again
   * where it had stopped; every other one holds until the next change. The description stays until the next phase. One that
   * has ended stays as it is.
   */
  override(task: TaskRecord, { state, description }: { state?: TaskState; description?: string }): void {
    this.settle(task.serviceName)
    if (isEnded(task)) return
    const now = this.#clock.now()
    if (state === 'done') {
      while (!isEnded(task)) enter(task, task.phase + 1, now)
    } else if (state === 'doing') {
      const working = task.plan.phases.findIndex(phase => phase.state === 'doing')
      enter(task, Math.max(task.phase, working), now)
    } else if (state !== undefined) {
      task.state = state
      task.held = true
      task.endedAtMs = state === 'canceled' || state === 'error' ? now : null
      if (state === 'canceled') task.plan.canceled?.()
      if (state === 'error') task.plan.failed?.()
    }
    task.description = description ?? task.description
    task.changedAtMs = now
  }

  /** A failed task whose thing another task has taken over can no longer be reset. Our choice. */
  supersede(task: TaskRecord): void {
    if (task.state !== 'error') return
    task.state = 'canceled'
    task.description = 'Another task has taken over'
    task.changedAtMs = this.#clock.now()
  }
}

export function isEnded({ state }: TaskRecord): boolean {
  return state === 'done' || state === 'canceled'
}

function enter(task: TaskRecord, index: number, atMs: number): void {
  const phase = task.plan.phases[index]!
  task.phase = index
  task.phaseEndsAtMs = atMs + phase.lastsMs
  task.state = phase.state
  task.progress = phase.progress
  task.description = phase.description
  task.held = false
  task.changedAtMs = atMs
  task.endedAtMs = phase.state === 'done' ? atMs : null
  phase.begin?.()
}

/** `dedicatedCloud.Task` */
export function encodeTask(task: TaskRecord, createdBy: string): Record<string, unknown> {
  const { micros } = task.executionAt
  const at = (ms: number | null | undefined) => (ms == null ? null : formatInstant({ ms, micros }))
  return {
    taskId: task.taskId,
    name: task.plan.name,
    // Which values there are is in no public source.
    type: 'generic',
    state: task.state,
    progress: task.progress,
    description: task.description,
    executionDate: formatInstant(task.executionAt),
    lastModificationDate: at(task.changedAtMs),
    endDate: at(task.endedAtMs),
    maintenanceDateFrom: at(task.plan.maintenance?.fromMs),
    maintenanceDateTo: at(task.plan.maintenance?.toMs),
    createdBy: task.plan.maintenance === undefined ? createdBy : null,
    createdFrom: null,
    userId: task.plan.userId ?? null,
    datacenterId: null,
    filerId: null,
    hostId: null,
    network: null,
    networkAccessId: null,
    orderId: null,
    parentTaskId: null,
    vlanId: null,
  }
}
