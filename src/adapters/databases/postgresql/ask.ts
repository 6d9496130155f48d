import type { Inside } from '../../../model/ports.ts'
import { askedFor, askNumber, badQuestion, jsonLines } from '../server.ts'
import { literal, psql, who } from './session.ts'

/**
 * The server gets the question as a text, with orders to read only: nothing in it is taken for a command of the client,
 * and what is no plain query is refused.
 */
export async function askQuery(inside: Inside, database: string | null, question: string): Promise<number> {
  if (database === null) throw badQuestion('it names no database')
  const text = `select (${question.replace(/;\s*$/, '')}\n)::text as answer`
  const input = `
\\set VERBOSITY terse
begin read only;
set local statement_timeout = ${askedFor};
select json_build_array('answer', query_to_xml(${literal(text)}, false, false, '')::text);
rollback;
`
  return askNumber(inside, psql, {
    who,
    input,
    variables: { SC_DATABASE: database },
    answer: printed => {
      const [row] = jsonLines(printed)
      return /<answer>([^<]*)<\/answer>/.exec(String(row?.[1] ?? ''))?.[1] ?? null
    },
  })
}
