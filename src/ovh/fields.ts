/** Kinds of fields that answers of several areas share. */
import { z } from 'zod'

/** Answers carry an offset, and v2 microseconds; ours is UTC with milliseconds. */
export const instant = z
  .string()
  .refine(text => !Number.isNaN(Date.parse(text)), 'a date and time')
  .transform(text => new Date(text).toISOString())

/** What may be null or missing is null. */
export const orNull = <T>(schema: z.ZodType<T>) => schema.nullish().transform(value => value ?? null)

/** A word of a list that may grow: an unknown one becomes `fallback` rather than a failure. */
export const knownWord = <const W extends string, const F extends string | null>(
  words: readonly W[],
  fallback: F,
) => z.string().transform((word): W | F => words.find(known => known === word) ?? fallback)
