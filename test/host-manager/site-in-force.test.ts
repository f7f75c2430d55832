import test from 'ava';
import { failed } from '../../base/fault.ts';
import { type SiteInForce, readInForce } from '../../host-manager/site-in-force.ts';
import { builtInSite } from '../../site-config/built-in.ts';

test('readInForce() keeps the last site where there is no file any more, and tells that', (t) => {
  const config = builtInSite();
  const block = config.hosts.get('localhost');
  if (!block) return t.fail();
  const before: SiteInForce = {
    config,
    block,
    entries: [],
    classes: new Map(),
    status: [true, 1, ''],
    complaints: ['an old one'],
    path: '/site.yaml',
  };
  const gone = failed('CONFIG_MISSING', { problem: '"/site.yaml" not found' });
  const read = readInForce(
    () => gone,
    before,
    () => false,
    2_000,
  );
  if (!read.ok) return t.fail();
  t.is(read.value.config, config);
  t.deepEqual(read.value.complaints, [read.value.status[2]]);
  t.deepEqual(read.value.status.slice(0, 2), [false, 2]);
  t.true(read.value.complaints[0]?.includes('/site.yaml'));
});
