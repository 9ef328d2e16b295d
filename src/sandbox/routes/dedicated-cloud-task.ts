/** `/v1/dedicatedCloud/{serviceName}/task` (OVHcloud API v1 schema, `dedicatedCloud.Task`). */
import { maintenanceDate, TASK_STATES, taskReset } from '../cloud-schemas.js'
import { encodeTask, type TaskRecord } from '../cloud-tasks.js'
import { badRequest } from '../refusal.js'
import { type Route, route } from '../router.js'
import { isLike, readLong } from '../v1.js'
import type { World } from '../world.js'

const LIST = '/v1/dedicatedCloud/{serviceName}/task'
const ONE = `${LIST}/{taskId}`

export function dedicatedCloudTaskRoutes({ account, cloudTasks, privateClouds }: World): Route[] {
  const encode = (task: TaskRecord) => encodeTask(task, account.nichandle)
  const find = (params: Readonly<Record<string, string>>) =>
    cloudTasks.get(privateClouds.get(params.serviceName!).serviceName, readLong('taskId', params.taskId!))
  return [
    route({
      method: 'GET',
      path: LIST,
      iam: ['pccVMware:apiovh:task/get'],
      handler({ params, query }) {
        const { serviceName } = privateClouds.get(params.serviceName!)
        const fits = filterOf(query)
        return cloudTasks
          .list(serviceName)
          .filter(fits)
          .map(({ taskId }) => taskId)
      },
    }),
    route({
      method: 'GET',
      path: ONE,
      iam: ['pccVMware:apiovh:task/get'],
      handler: ({ params }) => encode(find(params)),
    }),
    route({
      method: 'POST',
      path: `${ONE}/changeMaintenanceExecutionDate`,
      iam: ['pccVMware:apiovh:task/changeMaintenanceExecutionDate'],
      body: maintenanceDate,
      handler({ params, body }) {
        const task = find(params)
        cloudTasks.reschedule(task, Date.parse(body.executionDate))
        return encode(task)
      },
    }),
    route({
      method: 'POST',
      path: `${ONE}/resetTaskState`,
      iam: ['pccVMware:apiovh:task/resetTaskState'],
      body: taskReset,
      handler({ params }) {
        const task = find(params)
        cloudTasks.reset(task)
        return encode(task)
      },
    }),
  ]
}

/** `state` equal, `name` like, `executionDate` from, says the schema. @throws Refusal 400 */
function filterOf(query: URLSearchParams): (task: TaskRecord) => boolean {
  const [state, name, from] = [query.get('state'), query.get('name'), query.get('executionDate')]
  if (state !== null && !TASK_STATES.some(known => known === state)) {
    throw badRequest('[state] Given data does not belong to the TaskStateEnum enumeration')
  }
  const fromMs = from === null ? Number.NEGATIVE_INFINITY : Date.parse(from)
  if (Number.isNaN(fromMs)) throw badRequest('[executionDate] Given data is not valid for type datetime')
  return task =>
    (state === null || task.state === state) &&
    (name === null || isLike(task.plan.name, name)) &&
    task.executionAt.ms >= fromMs
}
