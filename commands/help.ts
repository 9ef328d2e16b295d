/** /okms help [command] */
import {
  BotError,
  type Command,
  type CommandContext,
  code,
  defineCommand,
  didYouMean,
  option,
  type Text,
  usageOf,
} from '../src/core/index.js'

export default defineCommand({
  name: 'help',
  summary: 'Show what you can ask for here',
  options: { command: option.command('A command to explain').optional() },
  requires: null,
  answers: 'privately',
  examples: ['/okms help', '/okms help credential'],

  async run({ options, commands, approvals, reply }) {
    const usable = commands()
    if (options.command === undefined) return showAll(usable, reply)
    const wanted = options.command.replace(/^\/?okms\s+/i, '').toLowerCase()
    const command = usable.find(({ name }) => name === wanted)
    if (!command) {
      const guess = didYouMean(
        wanted,
        usable.map(({ name }) => name),
      )
      throw new BotError('input.not-found', `There is no command "${wanted}" that you may use here.`, {
        hint: guess ? `Did you mean /okms help ${guess}?` : '/okms help shows all.',
      })
    }
    await showOne(command, command.requires === null ? [] : approvals(command.requires), reply)
  },
})

type Answer = CommandContext<Record<string, never>>['reply']

async function showAll(usable: readonly Command[], reply: Answer): Promise<void> {
  await reply.show({
    kind: 'table',
    title: 'What you can ask for here',
    columns: [{ header: 'COMMAND' }, { header: 'WHAT IT DOES' }],
    rows: usable.map(command => [usageOf(command), command.summary]),
    after: [
      'Options come in this order, or as name:value. Put a value with blanks in quotes.',
      [code('/okms help credential'), ' explains one command.'],
    ],
    fileName: 'help.txt',
  })
}

async function showOne(command: Command, approvals: readonly string[], reply: Answer): Promise<void> {
  const options = Object.entries(command.options)
  await reply.show({
    kind: 'fields',
    title: `${usageOf(command)} · ${command.summary}`,
    fields: options.map(([name, { summary, required, choices }]) => ({
      label: required ? name : `${name} (optional)`,
      value: choices ? `${summary}: ${choices.join(', ')}` : summary,
    })),
    after: [
      ...command.examples.map((example): Text => [code(example)]),
      command.requires === null ? 'Everyone may use it.' : `It needs the permission ${command.requires}.`,
      ...approvals,
    ],
  })
}
