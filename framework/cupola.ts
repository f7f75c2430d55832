/** What an agent is written with: `import { agent, z, fault } from 'cupola'`. */
export * as z from 'zod';
export { CupolaFault, type Fault, fault } from '../base/fault.ts';
export { type AgentDefinition, type AgentOptions, type Setup, agent } from './agent.ts';
export type { Feed, FeedOptions } from './feed.ts';
export type { OperationOptions, TaskOptions } from './operation.ts';
export type { Failed, RunSession } from './session.ts';
