/** By this first word the single executable is one of its children: the name follows. Nobody else types it. */
export const childWord = '--safe-child'
