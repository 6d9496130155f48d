import { destroys, estimateCopies } from '../core/estimate.ts'
import { keepTheData } from '../core/keep-the-data.ts'
import { sharesData } from '../core/own-project.ts'
import { readAgain, wordsOf } from '../core/read-again.ts'
import { unreachable, Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Answer, DecidedStake, Plan } from '../model/decision.ts'
import type { Finding } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Context } from './context.ts'
import { maskedArgv } from './entries.ts'
import type { Case, Judgement } from './judge.ts'
import { approvalKeyOf, asOne } from './judge.ts'
import type { Look } from './observe.ts'
import { observeAgain } from './observe-command.ts'
import { pinVolume } from './pin.ts'

/** What was settled with whoever asks: the words that Compose gets. */
export interface Settled {
  readonly argv: readonly string[]
  /** False where the person chose to keep the data: nothing is copied, nothing is destroyed. */
  readonly goesOn: boolean
  /** False where a copy that only spares a worry would take too long: Compose runs without it. */
  readonly copies: boolean
}

/**
 * Brings the decision to an end: says what was found, asks where a person must decide, refuses where nobody may.
 * `look-again` when a project changed while the question stood; `instead` what is to be judged and run in its place. Throws `refused` or `declined`.
 */
export async function settle(
  context: Context,
  cases: readonly Case[],
  invocation: Invocation,
): Promise<Settled | 'look-again' | { readonly instead: Invocation }> {
  const { decision, plan, project } = asOne(cases)
  switch (decision.verdict) {
    case 'pass':
      return { argv: invocation.argv, goesOn: true, copies: true }
    case 'warn':
    case 'back-up':
      await sayFound(context, cases, invocation)
      return { argv: invocation.argv, goesOn: true, copies: await patient(context, plan, invocation) }
    case 'refuse': {
      const code = await rememberRefusal(context, cases, invocation)
      context.reporter.say({
        type: 'refused',
        decision,
        code,
        anotherProject: await anotherProject(context, cases, invocation),
        project,
        command: maskedArgv(wordsOf(invocation)),
      })
      throw new Stop({ reason: 'refused', why: refusalOf(decision) })
    }
    case 'ask': {
      const answer = await ask(context, cases, invocation)
      context.reporter.say({ type: 'answered', answer })
      if (await observeAgain(context, cases, invocation, new Set())) return 'look-again'
      if (typeof answer === 'object') return mend(context, invocation, answer.remedy)
      return follow(context, cases, invocation, answer)
    }
    default:
      return unreachable(decision.verdict)
  }
}

/** What a project of another name would be with the same files, as far as they tell. */
async function anotherProject(
  context: Context,
  cases: readonly Case[],
  { form }: Invocation,
): Promise<'keeps-apart' | 'shares-data' | null> {
  if (form === 'docker') return null
  for (const { look } of cases) {
    const { model, project } = look.facts
    if (model === null || project.files.length === 0) return 'shares-data'
    const texts = await Promise.all(project.files.map(file => context.files.readText(file)))
    if (!texts.every(text => text !== null && !sharesData(text))) return 'shares-data'
  }
  return 'keeps-apart'
}

async function sayFound(context: Context, cases: readonly Case[], invocation: Invocation): Promise<void> {
  const { plan } = asOne(cases)
  const fresh = destroys(plan) ? cases : await withoutWhatWasSaid(context, cases)
  if (fresh === null) return
  const { decision, project } = asOne(fresh)
  context.reporter.say({
    type: 'found',
    decision,
    project,
    command: maskedArgv(wordsOf(invocation)),
    newest: decision.newest,
    kept: cases.flatMap(({ look }) => keptBy(look, invocation)),
  })
}

/**
 * Warnings are given once per project and change; null when nothing else is left. Where data would be destroyed nothing
 * is left out: see above.
 */
async function withoutWhatWasSaid(context: Context, cases: readonly Case[]): Promise<readonly Case[] | null> {
  const fresh: Case[] = []
  for (const { look, decision, plan } of cases) {
    const directory = look.facts.project.directory ?? context.directory
    const stakes: DecidedStake[] = []
    for (const decided of decision.stakes) {
      const { finding } = decided.stake
      const isOnlySaid = finding.warning === true || decision.verdict === 'warn'
      if (!isOnlySaid || (await context.projects.firstTime(directory, textOf(finding)))) stakes.push(decided)
    }
    fresh.push({ look, decision: { ...decision, stakes }, plan })
  }
  return fresh.some(({ decision }) => decision.stakes.length > 0) ? fresh : null
}

/** What it is remembered by that a warning was given: when its reasons change, it is given again. */
function textOf({ rule, holding, because, evidence }: Finding): string {
  return [rule, nameOfHolding(holding), because, ...evidence].join('\n')
}

/**
 * Whether the copy is worth its time. Where something would be destroyed there is no shortcut; elsewhere a person is
 * asked, and a script goes on with a warning.
 */
async function patient(context: Context, plan: Plan, { form }: Invocation): Promise<boolean> {
  const milliseconds = estimateCopies(plan)
  if (destroys(plan) || milliseconds === null || milliseconds <= context.policy.patience) return true
  const about = `about ${Math.ceil(milliseconds / 60_000)} min`
  if (context.prompt !== null)
    return context.prompt.confirm(`The backup before this takes ${about}. Take it?`)
  const advice = form === 'docker' ? '' : ' (safe-compose backup takes one)'
  context.reporter.say({
    type: 'warning',
    text: `no backup before this: it would take ${about}; nothing is destroyed by the command${advice}`,
  })
  return false
}

async function ask(context: Context, cases: readonly Case[], invocation: Invocation): Promise<Answer> {
  if (context.prompt === null) throw new Stop({ reason: 'refused', why: 'nobody can be asked' })
  const { decision, plan, project } = asOne(cases)
  const command = maskedArgv(wordsOf(invocation))
  context.reporter.say({
    type: 'found',
    decision,
    project,
    command,
    newest: decision.newest,
    kept: cases.flatMap(({ look }) => keptBy(look, invocation)),
  })
  const kept = keepTheData(invocation)
  return context.prompt.ask({
    decision,
    plan,
    project,
    command,
    keepCommand: kept === null ? null : wordsOf({ ...invocation, argv: kept }),
    canBackUp: decision.stakes.every(({ stake }) => stake.finding.canBackUp),
    // A line of the docker CLI may reach projects that the person did not think of.
    mayBeAlways:
      invocation.form !== 'docker' && cases.every(({ look }) => look.facts.project.directory !== null),
  })
}

/** External volumes stay in file mode, which a person who types `down -v` may not know. */
function keptBy(look: Look, invocation: Invocation): readonly { name: string; why: string }[] {
  const { facts } = look
  if (invocation.command[0] !== 'down' || facts.target !== 'model' || facts.model === null) return []
  return facts.model.volumes
    .filter(volume => volume.external)
    .map(volume => ({ name: volume.name, why: 'external' }))
}

/** Takes a way out. Whatever it was, what comes then is looked at as if it had been typed. */
async function mend(
  context: Context,
  invocation: Invocation,
  remedy: Extract<Answer, object>['remedy'],
): Promise<'look-again' | { readonly instead: Invocation }> {
  // What the person chose to run instead, read as the same program reads it.
  if (remedy.kind === 'run') return { instead: readAgain(invocation, remedy.argv) }
  if (!(await pinVolume(context, invocation, remedy))) throw new Stop({ reason: 'declined' })
  return 'look-again'
}

async function follow(
  context: Context,
  cases: readonly Case[],
  invocation: Invocation,
  answer: Exclude<Answer, object>,
): Promise<Settled> {
  switch (answer) {
    case 'always-in-this-project':
      for (const { look } of cases)
        if (look.facts.project.directory !== null)
          await context.projects.rememberAlways(look.facts.project.directory)
      return { argv: invocation.argv, goesOn: true, copies: true }
    case 'back-up-and-go-on':
      return { argv: invocation.argv, goesOn: true, copies: true }
    case 'keep-the-data': {
      const argv = keepTheData(invocation)
      if (argv === null) throw new Stop({ reason: 'declined' })
      return { argv, goesOn: false, copies: false }
    }
    case 'stop':
      throw new Stop({ reason: 'declined' })
    default:
      return unreachable(answer)
  }
}

async function rememberRefusal(
  context: Context,
  cases: readonly Case[],
  invocation: Invocation,
): Promise<string | null> {
  if (context.audience.kind !== 'agent') return null
  const found = cases.map(({ look, decision }) => ({ look, findings: decision.findings }))
  const key = approvalKeyOf(context, found, invocation)
  const [first] = cases
  if (key === null || first === undefined) return null
  const { decision, project } = asOne(cases)
  return context.approvals.remember({
    key,
    argv: wordsOf(invocation),
    directory: context.directory,
    engine: first.look.facts.engine.id,
    project,
    holdings: decision.stakes.map(({ stake }) => stake.finding.because),
    refusedAt: context.host.now().toISOString(),
  })
}

function refusalOf(decision: Judgement): string {
  const refused = decision.stakes.filter(stake => stake.verdict === 'refuse')
  return refused.map(({ stake, why }) => `${stake.finding.because} (${why})`).join('; ')
}
