import path from 'node:path'
import { modelRegistry } from '../training/registry.ts'
import { type Command, printJson, say, usage } from './command.ts'

export const modelsCommand: Command = {
  summary: 'List, show, promote and demote the models of the registry.',
  usage: 'list | show NAME/VERSION | promote NAME/VERSION | demote NAME',
  details: `A promoted version (champion) raises alarms; any other only scores. A running engine takes
the change when it starts again.`,
  options: {
    models: { type: 'string', value: 'DIR', help: 'the registry (default ./models)' },
    json: { type: 'boolean', help: 'print one JSON object' },
  },
  async run(options, [action, target]) {
    const registry = modelRegistry(path.resolve((options.models as string | undefined) ?? 'models'))
    const json = options.json === true
    if (action === 'list') return list(registry, json)
    if (target === undefined)
      throw usage('name the action and the model, e.g. show potline-cells/1')
    const [name, version] = target.split('/') as [string, string | undefined]
    if (action === 'demote') {
      await registry.point(name, 'champion', '')
    } else if (version === undefined) {
      throw usage(`name the version, e.g. ${name}/1`)
    } else if (action === 'promote') {
      await registry.load(name, version)
      await registry.point(name, 'champion', version)
    } else if (action === 'show') {
      const { record } = await registry.load(name, version)
      if (json) printJson(record)
      else process.stdout.write(`${JSON.stringify(record, undefined, 2)}\n`)
      return 0
    } else throw usage(`unknown action "${action}"; known: list, show, promote, demote`)
    const aliases = await registry.aliases(name)
    if (json) printJson({ name, ...aliases })
    else say(`${name}: champion ${aliases.champion || 'none'}, shadow ${aliases.shadow || 'none'}`)
    return 0
  },
}

async function list(registry: ReturnType<typeof modelRegistry>, json: boolean): Promise<number> {
  const models = []
  for (const name of await registry.names()) {
    models.push({
      name,
      versions: await registry.versions(name),
      ...(await registry.aliases(name)),
    })
  }
  if (json) printJson({ models })
  else if (models.length === 0) say('no models yet; see: liquidus train --help')
  else {
    for (const model of models) {
      say(
        `${model.name}: versions ${model.versions.join(', ')}; ` +
          `champion ${model.champion || 'none'}, shadow ${model.shadow || 'none'}`,
      )
    }
  }
  return 0
}
