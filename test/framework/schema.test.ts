/** F11: the published JSON Schema of an operation and the zod schema behind it accept the same params. */
import test from 'ava';
import * as fc from 'fast-check';
import { broker } from '../../agents/broker/agent.ts';
import { fakeData } from '../../agents/fake-data/agent.ts';
import { registry } from '../../agents/registry/agent.ts';
import { must } from '../../base/fault.ts';
import type { AgentDefinition } from '../../framework/agent.ts';
import { apiOf } from '../../framework/api.ts';
import { agent, z } from '../../framework/cupola.ts';
import { type Operation, operationOf } from '../../framework/operation.ts';
import { fits, near } from './json-schema.ts';

/** What set-up declares; whatever else it is given does nothing. */
function operationsOf(definition: AgentDefinition): Operation[] {
  const declared: Operation[] = [];
  const nothing: unknown = new Proxy(() => nothing, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => '' : nothing),
  });
  const setup = new Proxy(
    {
      settings: definition.settings.parse({}),
      task: (name: string, options: never) => declared.push(operationOf(name, 'task', options)),
      process: (name: string, options: never) => declared.push(operationOf(name, 'process', options)),
    },
    { get: (given, name) => Reflect.get(given, name) ?? nothing },
  );
  definition.setup(setup as never);
  return declared;
}

const RUNS = 1_000;
const agrees = test.macro((t, definition: AgentDefinition) => {
  const operations = operationsOf(definition);
  const { agentClass } = definition;
  const api = must(apiOf({ g: 1, agent: 'x', agentClass, version: '0', description: '', operations, feeds: [] }));
  for (const operation of operations) {
    const published = api.operations[operation.name]?.params ?? {};
    const zod = (operation.params ?? z.object({})).strict();
    const judged = { good: 0, bad: 0 };
    fc.assert(
      fc.property(near(published), (value) => {
        const good = zod.safeParse(value).success;
        judged[good ? 'good' : 'bad']++;
        return good === fits(value, published);
      }),
      { numRuns: RUNS },
    );
    // Agreement on refusals alone would say nothing.
    t.true(judged.good >= RUNS / 20 && judged.bad >= RUNS / 20, `${operation.name}: ${JSON.stringify(judged)}`);
  }
  t.true(operations.length > 0 || agentClass === 'Broker');
});
test('F11: FakeDataAgent', agrees, fakeData as unknown as AgentDefinition);
test('F11: RegistryAgent', agrees, registry as unknown as AgentDefinition);
test('F11: Broker', agrees, broker as unknown as AgentDefinition);
const sorts = agent('Sorts', z.object({}), ({ task }) => {
  const run = () => {};
  const Range = z.tuple([z.number(), z.int().min(1)]);
  const Mode = z.union([z.enum(['cur', 'volt']), z.number().min(3)]);
  task('tuple_and_union', { params: z.object({ range: Range, mode: Mode.optional() }), run });
  task('list', { params: z.object({ channels: z.array(z.int().min(1).max(8)).min(1).max(3).default([1]) }), run });
  task('record', { params: z.object({ limits: z.record(z.string(), z.number().positive()).nullable() }), run });
  const Label = z
    .string()
    .regex(/^[a-z]+$/)
    .max(8);
  task('text', { params: z.object({ label: Label.nullish() }), run });
});
test('F11: an agent with params of all sorts', agrees, sorts as unknown as AgentDefinition);
