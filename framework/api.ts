/** The api of an agent: every operation and feed with its JSON Schema, made from the zod schemas (PROTOCOL §3). */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { type Api, type OperationApi, PROTOCOL_VERSION } from '../protocol/envelope.ts';
import type { FeedSource } from './feed.ts';
import type { Operation } from './operation.ts';

export interface ApiParts {
  g: number;
  agent: string;
  agentClass: string;
  version: string;
  description: string;
  operations: Iterable<Operation>;
  feeds: Iterable<FeedSource>;
}

/** The api, or AGENT_SCHEMA naming the operation whose schema JSON Schema cannot say. */
export function apiOf({ g, agent, agentClass, version, description, operations, feeds }: ApiParts): Outcome<Api> {
  const described: Record<string, OperationApi> = {};
  for (const operation of operations) {
    try {
      described[operation.name] = operationApi(operation);
    } catch (thrown) {
      return failed('AGENT_SCHEMA', { agent, problem: `operation "${operation.name}": ${causeOf(thrown)}` });
    }
  }
  return ok({
    g,
    class: agentClass,
    version,
    protocol: PROTOCOL_VERSION,
    description,
    operations: described,
    feeds: Object.fromEntries([...feeds].map((feed) => [feed.name, feed.api])),
    states: {},
    resources: [],
  });
}

/** What presence carries of the api, so that readers know when to ask for it again. */
export const apiHash = (api: Api): string =>
  createHash('sha256')
    .update(JSON.stringify({ ...api, g: 0 }))
    .digest('hex')
    .slice(0, 16);

function operationApi(operation: Operation): OperationApi {
  const { title, description, confirm, data } = operation;
  return {
    type: operation.type,
    ...(title ? { title } : {}),
    ...(description ? { description } : {}),
    class: operation.role,
    params: schemaOf((operation.params ?? z.object({})).strict()),
    ...(data ? { data: schemaOf(data) } : {}),
    abortable: operation.abortable,
    ...(confirm ? { confirm } : {}),
  };
}

const schemaOf = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _, '~standard': __, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return rest;
};
