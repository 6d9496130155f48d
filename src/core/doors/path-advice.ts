import { shellWord } from '../shell-word.ts'

/** Which line puts a folder of shims in front of the PATH, for those who call without a shell of the user's. */
export function pathAdvice(folder: string): string {
  const cron = `PATH=${folder}:/usr/local/bin:/usr/bin:/bin`
  const full = `PATH=${folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
  const systemd = full.replaceAll('%', '%%')
  return [
    'they guard whatever has this folder first in its PATH:',
    `  cron (crontab -e, first line)         ${cron}`,
    `  systemd (systemctl edit NAME.service) [Service] Environment=${/[\s"\\]/.test(folder) ? JSON.stringify(systemd) : systemd}`,
    `  a script                              PATH=${shellWord(folder)}:"$PATH"; export PATH`,
    '',
  ].join('\n')
}
