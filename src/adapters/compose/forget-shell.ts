import { beforeShellVariable, variablesBeforeShell } from '../../core/before-shell.ts'

/** The executable is started by a shell, of which nothing shall be seen. Changes the environment that it is given. */
export function forgetShell(variables: Record<string, string | undefined>): void {
  const text = variables[beforeShellVariable]
  if (text === undefined) return
  delete variables[beforeShellVariable]
  for (const [name, value] of Object.entries(variablesBeforeShell(text))) {
    if (value === null) delete variables[name]
    else variables[name] = value
  }
}
