import type { DoorSurvey } from '../../src/model/doors.ts'

/** A machine on which `docker compose` leads to us, and nothing else is to be seen. */
export function aDoorSurvey(changes: Partial<DoorSurvey> = {}): DoorSurvey {
  return {
    hasDocker: true,
    plugins: [{ path: '/home/ann/.docker/cli-plugins/docker-compose', place: 'user', leads: 'here' }],
    configFile: '/home/ann/.docker/config.json',
    extraFolders: [],
    userPlugin: '/home/ann/.docker/cli-plugins/docker-compose',
    onPath: { docker: [], 'docker-compose': [] },
    shims: null,
    shells: [],
    jobs: [],
    agents: [],
    isRoot: false,
    hasSudo: false,
    ...changes,
  }
}
