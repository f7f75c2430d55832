import test from 'ava';
import { planReload } from '../../host-manager/reload.ts';
import type { Instance } from '../../host-manager/instance.ts';
import type { WantedInstance } from '../../host-manager/wanted.ts';
import { inPhase, stopping, up, wanted } from './makers.ts';

const runs = inPhase(up());
const leaves = inPhase(stopping({ next: 'gone' }), { retired: true, target: 'down' });
const without = inPhase({ name: 'inoperable', why: 'class not installed' }, { operable: false });

interface Case {
  rows?: Instance[];
  file: Partial<WantedInstance>[];
  restartChanged?: boolean;
  want: string[];
}
const plans = test.macro((t, { rows = [runs], file, restartChanged = false, want }: Case) => {
  const acts = planReload(
    rows,
    file.map((over) => wanted('a', over)),
    { restartChanged },
  );
  t.deepEqual(
    acts.map(
      ({ instanceId, act, difference, cause, file: name, line }) =>
        `${instanceId} ${act} ${difference}: ${cause} (${name}:${line})`,
    ),
    want,
  );
});

test('planReload() keeps what has not changed', plans, { file: [{}], want: ['a keep none: unchanged (site.yaml:7)'] });
test('planReload() starts a new entry', plans, {
  rows: [],
  file: [{}],
  want: ['a start new: newly listed (site.yaml:7)'],
});
test('planReload() leaves a new entry down that starts down', plans, {
  rows: [],
  file: [{ start: 'down' }],
  want: ['a keep new: newly listed (site.yaml:7)'],
});
test('planReload() keeps a known one though manage moved to down', plans, {
  file: [{ start: 'down' }],
  want: ['a keep moved: unchanged (site.yaml:7)'],
});
test('planReload() retires what is no longer listed, with its last line', plans, {
  file: [],
  want: ['a retire removed: no longer listed (site.yaml:7)'],
});
test('planReload() does not retire twice', plans, { rows: [leaves], file: [], want: [] });
test('planReload() takes back one that is listed again', plans, {
  rows: [leaves],
  file: [{}],
  want: ['a start listed: listed again before it had ended (site.yaml:7)'],
});
test('planReload() takes back one that is listed again and starts down', plans, {
  rows: [leaves],
  file: [{ start: 'down' }],
  want: ['a stop listed: listed again before it had ended (site.yaml:7)'],
});
test('planReload() replaces another class', plans, {
  file: [{ agentClass: 'Other' }],
  want: ['a replace replaced: class changed (site.yaml:7)'],
});
test('planReload() replaces another management', plans, {
  file: [{ management: 'docker' }],
  want: ['a replace replaced: management changed (site.yaml:7)'],
});
test('planReload() replaces another program', plans, {
  file: [{ program: 'muxd' }],
  want: ['a replace replaced: program changed (site.yaml:7)'],
});
test('planReload() only marks changed keys', plans, {
  file: [{ definitionHash: 'two' }],
  want: ['a keep changed: its keys changed (site.yaml:7)'],
});
test('planReload() restarts changed ones where that is asked', plans, {
  file: [{ definitionHash: 'two' }],
  restartChanged: true,
  want: ['a restart changed: its keys changed (site.yaml:7)'],
});
test('planReload() does not restart what is down', plans, {
  rows: [inPhase({ name: 'down' }, { target: 'down' })],
  file: [{ definitionHash: 'two' }],
  restartChanged: true,
  want: ['a keep changed: its keys changed (site.yaml:7)'],
});
test('planReload() starts one whose class has come', plans, {
  rows: [without],
  file: [{}],
  want: ['a start operable: operable now (site.yaml:7)'],
});
test('planReload() leaves what runs when its class has gone', plans, {
  file: [{ operable: false, inoperableWhy: 'class not installed' }],
  want: ['a keep inoperable: class not installed (site.yaml:7)'],
});
