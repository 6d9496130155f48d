import { killCases } from '../e2e/kill-cases.ts'

killCases(60, 1000)
