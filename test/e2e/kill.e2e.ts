import { killCases } from './kill-cases.ts'

killCases(20, 1)
