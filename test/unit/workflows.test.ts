import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { parseAction } from '@actions/workflow-parser/actions/action-parser'
import { describe, expect, test } from 'vitest'
import { filled, isMet } from '../ci/expressions.ts'
import { root } from '../architecture/project-files.ts'

const own = readdirSync(join(root, '.github/workflows')).map(name => `.github/workflows/${name}`)
const action = '.github/actions/safe-compose/action.yml'
const trace = new NoOperationTraceWriter()

/** What the library of GitHub itself finds wrong. */
function faultsIn(name: string, content: string): readonly string[] {
  const parse = name.endsWith('action.yml') ? parseAction : parseWorkflow
  return parse({ name, content }, trace)
    .context.errors.getErrors()
    .map(error => error.message)
}

describe('what GitHub is given', () => {
  test.each([...own, 'examples/ci/github-actions.yml', action])('%s is as it must be', path => {
    expect(faultsIn(path, readFileSync(join(root, path), 'utf8'))).toEqual([])
  })

  test('a fault is found', () => {
    const text = readFileSync(join(root, action), 'utf8')
    expect(faultsIn('action.yml', text.replace('shell: bash', 'shel: bash'))).not.toEqual([])
    expect(faultsIn('a.yml', 'on: push\njobs: { a: { runs-on: x, steps: [{ runn: a }] } }')).not.toEqual([])
  })

  test('values from outside reach a shell only as variables', () => {
    const texts = [...own, 'examples/ci/github-actions.yml', action].map(path =>
      readFileSync(join(root, path), 'utf8'),
    )
    const scripts = texts.flatMap(text => [
      ...text.matchAll(/^ +(?:- )?run: (?:\|\n((?: +.*\n|\n)+?)(?= *- |\n|$)|.*)/gm),
    ])
    expect(scripts.length).toBeGreaterThan(10)
    for (const [script] of scripts) expect(script).not.toContain('${{')
  })
})

describe('conditions of steps', () => {
  const contexts = {
    inputs: { 'roll-back': 'true', tag: '' },
    steps: { run: { outcome: 'failure', outputs: {} } },
  }

  test.each([
    [undefined, true, true],
    [undefined, false, false],
    ["${{ inputs.tag != '' }}", true, false],
    ["${{ inputs.roll-back == 'true' }}", true, true],
    ["${{ inputs.roll-back == 'true' }}", false, false],
    ["${{ !success() && steps.run.outcome != 'skipped' }}", false, true],
    ["${{ !success() && steps.run.outcome != 'skipped' }}", true, false],
    ['always()', false, true],
  ])('%s, all well so far: %s → %s', (condition, succeeded, holds) => {
    expect(isMet(condition, contexts, { succeeded })).toBe(holds)
  })

  test('values are filled in', () => {
    const state = { succeeded: true }
    expect(filled('a ${{ inputs.tag || steps.run.outcome }} b', contexts, state)).toBe('a failure b')
  })
})
