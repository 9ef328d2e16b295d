/** YAML with line numbers. Plain data only: one document, no custom tags, aliases bounded by the library. https://yaml.org/spec/1.2.2 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml'

export interface YamlFile {
  /** Plain data; whole numbers as bigint, because ids of 64 bits lose digits as numbers. `null` when the file cannot be read. */
  content: unknown
  mistakes: { line: number; message: string; mend: string }[]
  /** Line of what stands at a path, or of the nearest thing around it that exists. */
  lineOf(path: readonly (string | number)[]): number
}

export function readYaml(text: string): YamlFile {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, intAsBigInt: true, prettyErrors: false })
  const lineAt = (offset: number) => Math.max(1, counter.linePos(offset).line)
  const lineOf = (path: readonly (string | number)[]) => lineAt(offsetOf(document, path))
  // The first error is the cause; what follows it is mostly the parser finding its way back.
  const [first] = document.errors
  if (first) return { content: null, mistakes: [{ line: lineAt(first.pos[0]), ...explain(first) }], lineOf }
  try {
    return { content: document.toJS({ maxAliasCount: 100 }), mistakes: [], lineOf }
  } catch {
    const mistake = {
      line: 1,
      message: 'The aliases (*) of this file cannot be followed.',
      mend: 'Write the values out where they are needed.',
    }
    return { content: null, mistakes: [mistake], lineOf }
  }
}

const MENDS: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'Put a star in quotes: "*".',
  DUPLICATE_KEY: 'Keep one of the two and move the content of the other into it.',
  TAB_AS_INDENT: 'Indent with spaces.',
  MULTIPLE_DOCS: 'Keep one document: take the line --- away.',
  BAD_SCALAR_START: 'Put the value in quotes.',
  BLOCK_AS_IMPLICIT_KEY:
    'Put a value that holds a colon and a space in quotes, or begin a new line for each setting.',
  BAD_INDENT: 'Close the bracket before the next setting, and indent what belongs together alike.',
}

function explain(error: YAMLError): { message: string; mend: string } {
  const message =
    error.code === 'DUPLICATE_KEY'
      ? 'This setting stands here twice.'
      : `This is not valid YAML: ${lowerFirst(error.message)}.`
  return {
    message,
    mend: MENDS[error.code] ?? 'Compare the line, and the one before it, with demo/policy.yaml.',
  }
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  let node: Node | null = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = (pair.value ?? null) as Node | null
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined
      if (!item) return offset
      offset = item.range?.[0] ?? offset
      node = item
    } else {
      return offset
    }
  }
  return offset
}
