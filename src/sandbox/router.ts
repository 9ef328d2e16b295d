/** Routes as rows, and how a request finds its own. One file per API area registers its rows (routes/). */
import type { IncomingHttpHeaders } from 'node:http'
import type { z } from 'zod'
import type { Caller } from './authentication.js'
import { badRequest } from './refusal.js'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Call<Body = unknown> {
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** What the route's schema made of the body; `undefined` where it declares none. */
  body: Body
  /** The very bytes that came. */
  raw: Buffer
  /** `null` on public routes. */
  caller: Caller | null
  /** Scheme, host and port as the client used them. */
  origin: string
}

/** An answer that is not simply 200 and JSON. */
export class Answer {
  constructor(
    readonly body: unknown,
    readonly options: { status?: number; headers?: Record<string, string>; html?: boolean } = {},
  ) {}
}

interface Row<Schema extends z.ZodType> {
  method: Method
  /** Template such as `/v2/okms/resource/{okmsId}`. `/1.0/…` is understood as `/v1/…`. */
  path: string
  /**
   * `granted` (default): access rules of the credential and IAM must allow it. `own`: any valid credential may (who am I).
   * `public`: no credential.
   */
  access?: 'granted' | 'own' | 'public'
  /** IAM actions, all needed. */
  iam?: readonly string[]
  /** More of them that only some bodies need. */
  iamOf?: (body: z.output<Schema>) => readonly string[]
  body?: Schema
  /** Answers JSON with 200, or an `Answer`; throws a `Refusal`. */
  handler: (call: Call<z.output<Schema>>) => unknown
}

export interface Route {
  method: Method
  path: string
  access: 'granted' | 'own' | 'public'
  iam: readonly string[]
  schema: z.ZodType | null
  iamOf: (body: unknown) => readonly string[]
  handler: (call: Call) => unknown
}

/** Keeps a row's types together while they matter; past here only the table remains. */
export function route<Schema extends z.ZodType>(row: Row<Schema>): Route {
  return {
    method: row.method,
    path: row.path,
    access: row.access ?? 'granted',
    iam: row.iam ?? [],
    schema: row.body ?? null,
    iamOf: body => row.iamOf?.(body as z.output<Schema>) ?? [],
    handler: call => row.handler(call as Call<z.output<Schema>>),
  }
}

export interface Router {
  /** `null` when no route has this method and path. */
  match(method: string, pathname: string): { route: Route; params: Record<string, string> } | null
  /** The route of `GET /v2/okms/resource/{anything}`; parameter names do not matter. `null` when there is none. */
  named(methodAndTemplate: string): Route | null
}

export function createRouter(routes: readonly Route[]): Router {
  const shelves = new Map<string, { route: Route; segments: string[] }[]>()
  const byName = new Map<string, Route>()
  for (const route of routes) {
    const segments = route.path.split('/')
    const shelf = shelfOf(route.method, segments)
    shelves.set(shelf, [...(shelves.get(shelf) ?? []), { route, segments }])
    byName.set(nameOf(route.method, route.path), route)
  }
  return {
    match(method, pathname) {
      const segments = canonical(pathname).split('/')
      for (const { route, segments: template } of shelves.get(shelfOf(method, segments)) ?? []) {
        if (template.every((part, i) => part.startsWith('{') || part === segments[i])) {
          return { route, params: readParams(template, segments) }
        }
      }
      return null
    },
    named(methodAndTemplate) {
      const [method = '', path = ''] = methodAndTemplate.trim().split(/\s+/)
      return byName.get(nameOf(method.toUpperCase(), canonical(path))) ?? null
    },
  }
}

function shelfOf(method: string, segments: readonly string[]): string {
  return `${method} ${segments.length}`
}

function nameOf(method: string, path: string): string {
  return `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`
}

/** `/1.0` and `/v1` are the same API (an OVHcloud maintainer in ovh/python-ovh issue 141). */
export function canonical(pathname: string): string {
  return pathname.startsWith('/1.0/') ? `/v1/${pathname.slice('/1.0/'.length)}` : pathname
}

function readParams(template: readonly string[], segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {}
  template.forEach((part, i) => {
    if (!part.startsWith('{')) return
    try {
      params[part.slice(1, -1)] = decodeURIComponent(segments[i]!)
    } catch {
      throw badRequest(`[${part.slice(1, -1)}] Given data is not well percent-encoded`)
    }
  })
  return params
}
