import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { ShellName } from '../../model/doors.ts'

/** The file that a shell reads when a person starts it. */
export async function startUpFile(
  shell: ShellName,
  from: {
    readonly variables: Readonly<Record<string, string>>
    readonly home: string
    readonly platform: string
  },
): Promise<string> {
  const { variables, home } = from
  if (shell === 'bash') return join(home, from.platform === 'darwin' ? loginFile(home) : '.bashrc')
  if (shell === 'fish') {
    const base = variables['XDG_CONFIG_HOME'] ?? ''
    return join(isAbsolute(base) ? base : join(home, '.config'), 'fish/conf.d/safe-compose.fish')
  }
  const named = variables['ZDOTDIR'] ?? (await zshFolder())
  return join(isAbsolute(named) ? named : home, '.zshrc')
}

/** On macOS every terminal starts bash as a login shell, which reads the first of these and no `.bashrc`. */
function loginFile(home: string): string {
  const names = ['.bash_profile', '.bash_login', '.profile']
  return names.find(name => existsSync(join(home, name))) ?? '.bash_profile'
}

/** zsh is often told its folder in `.zshenv` alone, without its children being told. */
function zshFolder(): Promise<string> {
  return new Promise(resolve => {
    execFile('zsh', ['-c', 'print -r -- "$ZDOTDIR"'], { timeout: 5000 }, (error, stdout) =>
      resolve(error === null ? (stdout.trim().split('\n').at(-1) ?? '') : ''),
    )
  })
}
