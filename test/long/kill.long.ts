import { killCases } from '../e2e/kill-cases.ts'

killCases(20, 1000)
