import { quarterHours } from './rhythm.ts'

/** The label of an agent of launchd, which its file is named after. */
export function launchdLabel(key: string): string {
  return `safe-compose.${key}`
}

/** An agent of launchd that looks every quarter of an hour whether something is due. */
export function launchdPlist(key: string, script: string, offset: number): string {
  const minutes = quarterHours(offset).map(
    minute => `    <dict><key>Minute</key><integer>${minute}</integer></dict>`,
  )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    `  <key>Label</key><string>${escaped(launchdLabel(key))}</string>`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...['/bin/sh', script, '--if-due'].map(word => `    <string>${escaped(word)}</string>`),
    '  </array>',
    '  <key>StartCalendarInterval</key>',
    '  <array>',
    ...minutes,
    '  </array>',
    '  <key>ProcessType</key><string>Background</string>',
    '</dict>',
    '</plist>',
    '',
  ].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
