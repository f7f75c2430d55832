import test from 'ava';
import { type Outcome, failed, ok } from '../../base/fault.ts';
import type { Caller } from '../../client/caller.ts';
import { reachOf } from '../../cli/reach.ts';
import type { Site } from '../../cli/site.ts';
import { site } from './world.ts';

interface Given {
  sockets?: string[];
  bus?: boolean;
  broker?: string;
  site?: Partial<Site>;
}

/** Which ways were tried for `agent`, and what came of it. */
async function tries(
  agent: string,
  { sockets = [], bus = false, broker, site: given }: Given,
): Promise<{ ways: string[]; end: string }> {
  const ways: string[] = [];
  const answer = async (way: string, there: boolean): Promise<Outcome<Caller>> => {
    ways.push(way);
    return there ? ok({ url: way } as unknown as Caller) : failed('BUS_DOWN', { url: way, cause: 'refused' });
  };
  const connect = {
    socket: (path: string) =>
      answer(
        path.split('/').at(-1) ?? '',
        sockets.some((name) => path.endsWith(name)),
      ),
    bus: () => answer('bus', bus),
  };
  const caller = await reachOf(site(given), connect, broker).caller(agent);
  return { ways, end: caller.ok ? caller.value.url : caller.fault.code };
}

const reaches = test.macro(async (t, agent: string, given: Given, want: { ways: string[]; end: string }) =>
  t.deepEqual(await tries(agent, given), want),
);
test(
  "this machine's HostManager is reached by its socket",
  reaches,
  'hm-lab-a',
  { sockets: ['hm-lab-a.sock'], bus: true },
  { ways: ['hm-lab-a.sock'], end: 'hm-lab-a.sock' },
);
test(
  'without its socket it is absent where the file names no broker',
  reaches,
  'hm-lab-a',
  { bus: true },
  { ways: ['hm-lab-a.sock'], end: 'HOST_MANAGER_ABSENT' },
);
test(
  'without its socket it is reached by a broker that the file names',
  reaches,
  'hm-lab-a',
  { bus: true, site: { brokerNamed: true } },
  { ways: ['hm-lab-a.sock', 'bus'], end: 'bus' },
);
test(
  'without its socket it is absent where its folder is on this machine',
  reaches,
  'hm-lab-a',
  { bus: true, site: { brokerNamed: true, here: true } },
  { ways: ['hm-lab-a.sock'], end: 'HOST_MANAGER_ABSENT' },
);
test(
  '--broker goes by the bus alone',
  reaches,
  'hm-lab-a',
  { sockets: ['hm-lab-a.sock'], broker: 'mqtt://x' },
  { ways: ['bus'], end: 'BUS_DOWN' },
);
test(
  'another agent is reached by the bus',
  reaches,
  'thermo1',
  { sockets: ['thermo1.sock'], bus: true },
  { ways: ['bus'], end: 'bus' },
);
test(
  'an agent of this host is reached by its own socket when the bus is down',
  reaches,
  'thermo1',
  { sockets: ['thermo1.sock'] },
  { ways: ['bus', 'thermo1.sock'], end: 'thermo1.sock' },
);
test(
  'an agent of another host is not reached when the bus is down',
  reaches,
  'far1',
  { sockets: ['far1.sock'] },
  { ways: ['bus'], end: 'BUS_DOWN' },
);

test('each way is opened once', async (t) => {
  let opened = 0;
  const connect = { socket: async () => failed('BUS_DOWN', {}), bus: async () => (opened++, failed('BUS_DOWN', {})) };
  const reach = reachOf(site(), connect, undefined);
  await Promise.all([reach.caller('x'), reach.caller('y')]);
  t.is(opened, 1);
});
