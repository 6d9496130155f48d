import { escapeName } from '../../escape.ts'
import { formatDuration } from '../../format.ts'
import type { LintCheck } from '../check.ts'
import { dataMounts, storesOf } from '../project.ts'

/** Docker's own patience before it kills. Milliseconds. */
const usual = 10_000

/** A database that is killed before it could write what it has in memory. */
export const uncleanStop: LintCheck = {
  id: 'unclean-stop',
  title: 'a database is killed before it is done',
  level: 'warning',
  check: project =>
    storesOf(project)
      .filter(store => dataMounts(store).length > 0)
      .flatMap(({ service }) => {
        const { stopGracePeriod: grace, stopSignal: signal } = service
        const name = escapeName(service.name)
        return [
          ...(grace !== null && grace.milliseconds < usual
            ? [
                {
                  at: grace.at,
                  message: `${name} is killed ${formatDuration(grace.milliseconds)} after it was told to stop: what it has not written by then is lost`,
                  instead: 'stop_grace_period: 60s',
                },
              ]
            : []),
          ...(signal !== null && /^(?:SIG)?KILL$|^9$/i.test(signal.text)
            ? [
                {
                  at: signal.at,
                  message: `${name} is stopped by ${escapeName(signal.text)}, which leaves it no time to write`,
                  instead: "leave stop_signal out: the image's own is right",
                },
              ]
            : []),
        ]
      }),
}
