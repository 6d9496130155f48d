import { killCases } from './kill-cases.ts'

killCases(8, 1)
