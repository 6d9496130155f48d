import { assert, constantFrom, integer, pre, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeKey } from '../../src/adapters/stores/age-library.ts'
import { isRecipient, isSecretKey } from '../../src/core/recipients.ts'

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const { identity, recipient } = await makeKey()

describe('a recipient', () => {
  test('is what the library makes', async () => {
    for (let time = 0; time < 20; time++) expect(isRecipient((await makeKey()).recipient)).toBe(true)
  })

  test('is the one of age’s own documentation', () => {
    expect(isRecipient('age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p')).toBe(true)
  })

  test('with one letter changed, or two exchanged, is none', () => {
    const place = integer({ min: 4, max: recipient.length - 1 })
    assert(
      property(place, constantFrom(...alphabet), (at, letter) => {
        pre(recipient[at] !== letter)
        expect(isRecipient(recipient.slice(0, at) + letter + recipient.slice(at + 1))).toBe(false)
      }),
    )
    assert(
      property(integer({ min: 4, max: recipient.length - 2 }), at => {
        pre(recipient[at] !== recipient[at + 1])
        const exchanged = [recipient.slice(0, at), recipient[at + 1], recipient[at], recipient.slice(at + 2)]
        expect(isRecipient(exchanged.join(''))).toBe(false)
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['cut off', recipient.slice(0, -1)],
    ['with more behind it', `${recipient} `],
    ['in capitals', recipient.toUpperCase()],
    ['a secret key', identity],
    ['a key of ssh', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ'],
    ['one after the quantum', `age1pq1${recipient.slice(4)}`],
  ])('%s is none', (_, text) => {
    expect(isRecipient(text)).toBe(false)
  })

  test('a secret key is known as one, to be shown to nobody', () => {
    expect(isSecretKey(identity)).toBe(true)
    expect(isSecretKey(identity.toLowerCase())).toBe(true)
    expect(isSecretKey(recipient)).toBe(false)
  })
})
