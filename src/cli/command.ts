import type { Command } from 'commander';
import type { Session } from './session.ts';

/** What a command does once its options are known; resolves with the exit code. Commander's arguments come first, the command's own options last. */
export type Action<Args extends unknown[]> = (session: Session, ...args: Args) => Promise<number>;

/** Makes an action of commander's out of ours. */
export type ActWith = <Args extends unknown[]>(action: Action<Args>) => (...args: unknown[]) => Promise<void>;

/** Adds a command to the program. */
export type AddCommand = (program: Command, act: ActWith) => void;
