import { describe, expect, test } from 'vitest'
import { typedToUs } from '../../../src/core/command-line.ts'
import { keepTheData } from '../../../src/core/keep-the-data.ts'
import { composeEndedLines, dockerPlanLines, foundLines, refusedLines } from '../../../src/ui/messages.ts'
import { composeLine, ofProject, safeLine, sameProjectLine, shortLine } from '../../../src/ui/words.ts'
import { dockerLine } from '../../fakes/docker-line.ts'
import { aDecision, aPlan, evening, shopStakes } from '../../fakes/question.ts'

const rm = ['docker', '-c', 'far', 'volume', 'rm', 'shop_data']
const setting = { now: evening, isTerminal: true, command: rm }

test('a line of the docker CLI is shown and offered as one', () => {
  expect(composeLine(rm)).toBe('docker -c far volume rm shop_data')
  expect(shortLine(rm)).toBe('docker -c far volume rm shop_data')
  expect(safeLine(rm, ['--safe-yes'])).toBe('safe-docker --safe-yes -c far volume rm shop_data')
  expect(sameProjectLine(rm, ['undo', 'ID'])).toBe('safe-docker -c far undo ID')
  expect(typedToUs(rm).join(' ')).toBe('safe-docker -c far volume rm shop_data')
  expect(typedToUs(['compose', 'down', '-v']).join(' ')).toBe('safe-compose down -v')
})

test('whose it is', () => {
  expect(ofProject('shop')).toBe(' of project shop')
  expect(ofProject('blog, shop')).toBe(' of the projects blog, shop')
  expect(ofProject('_volumes')).toBe('')
  expect(ofProject('_volumes, shop')).toBe(' of project shop and of none')
})

describe('the same without what deletes', () => {
  test.each([
    ['docker rm -fv a', ['rm', '-f', 'a']],
    ['docker container rm --volumes a', ['container', 'rm', 'a']],
    ['docker system prune -af --volumes', ['system', 'prune', '-af']],
    ['docker volume rm a', null],
    ['docker rm a', null],
  ])('%s', (line, expected) => {
    expect(keepTheData(dockerLine(line))).toEqual(expected)
  })
})

describe('what is said', () => {
  test('to an agent', () => {
    const decision = aDecision({
      verdict: 'refuse',
      stakes: shopStakes({ verdict: 'refuse', backUp: false }),
    })
    const lines = refusedLines(
      {
        type: 'refused',
        decision,
        code: 'K7-2Q9',
        anotherProject: null,
        project: 'shop',
        command: rm,
      },
      setting,
    )
    expect(lines.join('\n')).toContain('refused: `docker -c far volume rm shop_data` would delete')
    expect(lines.at(-1)).toContain('safe-compose approve K7-2Q9')
  })

  test('of several projects: no backup of one of them', () => {
    const event = { type: 'found', decision: aDecision(), newest: null, kept: [], command: rm } as const
    const one = foundLines({ ...event, project: 'shop' }, setting).join('\n')
    expect(one).toContain('there is no backup of this yet')
    const several = foundLines({ ...event, project: '_volumes, shop' }, setting).join('\n')
    expect(several).toContain('of project shop and of none')
    expect(several).not.toContain('backup')
  })

  test('when docker ended with an error', () => {
    const gone = [{ kind: 'volume', name: 'a', createdAt: '' }] as const
    const event = {
      type: 'compose-ended',
      exitCode: 1,
      gone,
      kept: [],
      restorePoint: 'ID',
      audience: 'script',
    } as const
    expect(composeEndedLines(event, setting)).toEqual([
      'safe-compose: docker ended with 1: deleted 1 volume. Bring it back with: safe-docker -c far undo ID',
    ])
  })

  test('in a dry run', () => {
    const lines = dockerPlanLines({ type: 'docker-plan', plan: aPlan(aDecision()), command: rm })
    expect(lines.at(-1)).toBe('safe-compose: a dry run: nothing was changed, and docker did not run')
  })
})
