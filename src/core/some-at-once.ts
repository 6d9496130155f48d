/**
 * Does the work for each item, so many at a time, and gives what came of each in their order. When one fails no further one
 * is begun, and it rejects with that when none is at work any more.
 */
export async function someAtOnce<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const waiting = [...items.entries()]
  const hand = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      try {
        results[next[0]] = await work(next[1])
      } catch (error) {
        waiting.length = 0
        throw error
      }
  }
  const ends = await Promise.allSettled(Array.from({ length: most }, hand))
  const failed = ends.find(end => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return results
}
