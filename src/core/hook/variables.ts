import type { Value } from './expand.ts'

const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9']

const argumentNames = ['@', '*', ...digits]

/** What the variables of a shell are while a line is walked through; a variable can have had several values. */
export class Variables {
  readonly #values = new Map<string, readonly Value[]>()
  readonly #exported = new Map<string, string | null>()

  /** None where nothing is known of it. */
  of(name: string): readonly Value[] {
    return this.#values.get(name) ?? []
  }

  /** What programs get of them that the line itself has set (null: taken away). */
  get exported(): ReadonlyMap<string, string | null> {
    return this.#exported
  }

  /** Null: nothing is known of it any longer. */
  set(name: string, text: string | null): void {
    this.setAll(name, text === null ? [] : [word(text)])
  }

  /** Each of them counts. */
  setAll(name: string, values: readonly Value[]): void {
    this.#values.set(name, values)
  }

  /** A line may come to a place on several ways, so that former values still count. */
  assign(name: string, text: string): void {
    this.setAll(name, [...this.of(name), word(text)])
  }

  /** `A+=text` */
  append(name: string, text: string): void {
    this.setAll(
      name,
      this.of(name).map(({ words }) => word(`${words[0] ?? ''}${text}`)),
    )
  }

  /** `A=(…)`, `A+=(…)`, in all the ways in which its words can come out. */
  assignArray(name: string, ways: readonly (readonly string[])[], adds: boolean): void {
    const added = ways.map(words => ({ words, isArray: true }))
    const before = adds ? this.of(name) : []
    const grown = before.flatMap(old =>
      added.map(each => ({ words: [...old.words, ...each.words], isArray: true })),
    )
    this.setAll(name, grown.length > 0 ? grown : added)
  }

  /** `export A=1 B`, `local A=1`. An array was put in place by `assignArray` before, and is an empty word here. */
  declare(words: readonly string[], isExport: boolean): void {
    for (const each of words) {
      const [, name, text = ''] = /^(\w+)=([^]*)$/.exec(each) ?? []
      if (name === undefined) {
        const known = this.of(each).at(-1)?.words[0]
        if (isExport && known !== undefined) this.#exported.set(each, known)
        continue
      }
      if (text !== '' || this.of(name).at(-1)?.isArray !== true) this.assign(name, text)
      if (isExport) this.#exported.set(name, text)
    }
  }

  unset(words: readonly string[]): void {
    for (const name of words.filter(each => !each.startsWith('-'))) {
      this.#values.delete(name)
      this.#exported.set(name, null)
    }
  }

  /** `$1`, `$2`, …, `$@` */
  setArguments(words: readonly string[]): void {
    for (const name of ['@', '*']) this.setAll(name, [{ words, isArray: true }])
    for (const [index, name] of digits.entries()) this.set(name, words[index] ?? '')
  }

  /** A function has arguments of its own, and gives those of its caller back. */
  withArguments(words: readonly string[], run: () => void): void {
    const before = argumentNames.map(name => [name, this.#values.get(name)] as const)
    this.setArguments(words)
    run()
    for (const [name, values] of before)
      if (values === undefined) this.#values.delete(name)
      else this.#values.set(name, values)
  }
}

function word(text: string): Value {
  return { words: [text], isArray: false }
}
