import { expect, test } from 'vitest'
import { recipesFor } from '../../../src/core/hook/recipes.ts'

const makefile = `
DC := docker compose
.PHONY: up reset
up: build network
	@$(DC) up -d
build:
	docker build \\
.
network: ; docker network create x
reset:
	-$(DC) down -v $$FLAGS
`

test.each([
  [['build'], ['docker build  .']],
  [['up'], ['${DC} up -d', 'docker build  .', 'docker network create x']],
  [['reset', '-j4'], ['${DC} down -v $FLAGS']],
])('what make runs for %j', (targets, expected) => {
  expect(recipesFor(makefile, targets).split('\n')).toEqual(["DC='docker compose'", ...expected])
})

test('without a target it is the first rule, and rules that need each other come to an end', () => {
  expect(recipesFor('.PHONY: b\na: b\n\techo a\nb: a\n\techo b\n', [])).toBe('echo a\necho b')
  expect(recipesFor('no rules here', ['a'])).toBe('')
})
