import { Stop } from '../model/failure.ts'
import { readLevel, readSetting, recipientFault, settingExample } from './configuration.ts'
import type { Configuration, KnownRule } from './configuration.ts'
import type { RuleSetting } from '../model/decision.ts'
import { nearest } from './did-you-mean.ts'
import { audienceKinds, ruleLevels } from './levels.ts'
import { identityVariable, recipientsVariable, rulesVariable, settingKeys } from './setting-keys.ts'
import type { SettingKey } from './setting-keys.ts'

/** What one variable says. */
export interface SettingVariable {
  readonly name: string
  /** As it is set: `SAFE_COMPOSE_KEEP_LAST=30`. */
  readonly text: string
  readonly configuration: Configuration
}

const nothing: Configuration = {
  store: null,
  rules: {},
  critical: [],
  logins: [],
  channels: [],
  encrypt: { recipients: [], identityFile: null },
  copies: [],
  numbers: {},
}

/** The settings that the environment holds. An empty variable says nothing. Throws `bad-usage` for a wrong one. */
export function readSettingVariables(
  variables: Readonly<Record<string, string | undefined>>,
  knownRules: readonly KnownRule[],
): readonly SettingVariable[] {
  const numbers = settingKeys.flatMap((setting): SettingVariable[] => {
    const text = (variables[setting.variable] ?? '').trim()
    if (text === '') return []
    const configuration = { ...nothing, numbers: { [setting.key]: numberIn(setting, text) } }
    return [{ name: setting.variable, text: `${setting.variable}=${text}`, configuration }]
  })
  const rules = (variables[rulesVariable] ?? '')
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '')
    .map((text): SettingVariable => ({
      name: rulesVariable,
      text: `${rulesVariable}=${text}`,
      configuration: { ...nothing, rules: levelsIn(text, knownRules) },
    }))
  return [...numbers, ...rules, ...encryption(variables)]
}

function encryption(variables: Readonly<Record<string, string | undefined>>): readonly SettingVariable[] {
  const recipients = (variables[recipientsVariable] ?? '').split(/[\s,]+/).filter(each => each !== '')
  const identityFile = (variables[identityVariable] ?? '').trim()
  for (const recipient of recipients) {
    const fault = recipientFault(recipient)
    if (fault !== null)
      throw badVariable(recipientsVariable, fault, 'write public keys, with commas: age1…,age1…')
  }
  return [
    ...(recipients.length === 0 ? [] : [spoken(recipientsVariable, recipients.join(','), { recipients })]),
    ...(identityFile === '' ? [] : [spoken(identityVariable, identityFile, { identityFile })]),
  ]
}

function spoken(name: string, value: string, encrypt: Partial<Configuration['encrypt']>): SettingVariable {
  const configuration = { ...nothing, encrypt: { ...nothing.encrypt, ...encrypt } }
  return { name, text: `${name}=${value}`, configuration }
}

function numberIn(setting: SettingKey, text: string): number {
  const value = /^\d+$/.test(text) && (setting.kind === 'count' || text === '0') ? Number(text) : text
  const read = readSetting(setting, value)
  if (typeof read === 'number') return read
  throw badVariable(setting.variable, `${text} ${read}`, settingExample(setting))
}

/** `down-volumes=refuse`, `down-volumes.script=back-up`. */
function levelsIn(text: string, knownRules: readonly KnownRule[]): Readonly<Record<string, RuleSetting>> {
  const [, id = '', kind, word] = /^([^=.]+?)(?:\.([^=]+?))?\s*=\s*(.*)$/.exec(text) ?? []
  const level = readLevel(word)
  if (id === '') throw badVariable(rulesVariable, `${text} is not RULE=LEVEL`, 'such as down-volumes=refuse')
  const ids = knownRules.map(rule => rule.id)
  if (!ids.includes(id)) {
    const meant = nearest(id, ids)
    const how = meant === null ? `there are: ${ids.join(', ')}` : `did you mean ${meant}?`
    throw badVariable(rulesVariable, `there is no rule ${id}`, how)
  }
  if (level === null)
    throw badVariable(rulesVariable, `${word ?? ''} is not a level`, `use one of: ${ruleLevels.join(', ')}`)
  if (kind === undefined) return { [id]: level }
  const audience = audienceKinds.find(each => each === kind)
  if (audience === undefined)
    throw badVariable(rulesVariable, `${kind} is nobody who asks`, `use one of: ${audienceKinds.join(', ')}`)
  return { [id]: { [audience]: level } }
}

function badVariable(name: string, what: string, how: string): Stop {
  return new Stop({ reason: 'bad-usage', what: `the variable ${name}: ${what}`, how })
}
