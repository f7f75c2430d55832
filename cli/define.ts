/** How a command group adds its commands to the program. */
import type { Command } from 'commander';
import type { Result } from './output.ts';
import type { Shell } from './shell.ts';

/** What a command does, given its words and its own options. */
export type Act = (shell: Shell, words: string[], options: Record<string, unknown>) => Promise<Result>;

/** Give `command` an action that needs no site: nothing is loaded for one. */
export type DefineBare = (command: Command, act: (words: string[]) => Promise<Result>) => void;

/** Give `command` its action and the options that every command has. */
export type Define = (command: Command, act: Act) => void;
