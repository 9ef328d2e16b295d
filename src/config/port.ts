/** Ports to listen on. */
import type { SettingName } from './settings.js'
import type { Source } from './source.js'

/** 0 lets the system choose. The default also stands in for a wrong value, so that reading can go on. */
export function readPort(source: Source, name: SettingName, byDefault: number): number {
  const text = source.text(name)
  if (text === undefined) return byDefault
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  source.wrongWord(name, text)
  return byDefault
}
