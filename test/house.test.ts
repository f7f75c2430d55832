/** The house: imports run down, never up, never sideways between doors, never in a circle (DESIGN §3). */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '..', '..');

const FLOORS: Record<string, number> = {
  base: 1,
  protocol: 2,
  bus: 3,
  'site-config': 3,
  compose: 3,
  store: 3,
  framework: 4,
  client: 4,
  cli: 5,
  web: 5,
  'host-manager': 5,
  agents: 5,
};
/** Rooms of one floor that may know each other, and in which direction. */
const ALLOWED_SIDEWAYS = new Set(['framework>client']);

const GUARDED: Record<string, string> = {
  aedes: 'agents/broker/',
  mqtt: 'bus/',
  dockerode: 'host-manager/',
  serialport: 'agents/device/',
  h5wasm: 'agents/',
  'classic-level': 'store/',
  'js-yaml': 'site-config/',
  sucrase: 'framework/',
};

interface Import {
  from: string;
  to: string;
}

const sources = Object.keys(FLOORS).flatMap((room) => filesBelow(room));
const imports = sources.flatMap(importsOf);
const local = imports
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({ from, to: normalize(join(dirname(from), to)) }));

test('the house has sources in every room of this list that exists', (t) => {
  t.true(sources.length > 50, `only ${sources.length} files seen: the test looks in the wrong place`);
  t.true(local.length > 100);
});

test('imports run down, or stay in their room', (t) => {
  const up = local.filter(({ from, to }) => (floorOf(from) ?? 0) < (floorOf(to) ?? 0));
  t.deepEqual(up.map(arrow), []);
});

test('no door imports another, and rooms of one floor know each other in one direction only', (t) => {
  const sideways = local.filter(({ from, to }) => {
    const [own, other] = [roomOf(from), roomOf(to)];
    return own !== other && floorOf(from) === floorOf(to) && !ALLOWED_SIDEWAYS.has(`${own}>${other}`);
  });
  t.deepEqual(sideways.map(arrow), []);
});

test('imports make no circle', (t) => {
  const next = new Map<string, Import[]>();
  for (const one of local) next.set(one.from, [...(next.get(one.from) ?? []), one]);
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const { to } of next.get(file) ?? []) {
      const circle = visit(to, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  t.is(
    sources
      .map((file) => visit(file, []))
      .find((circle) => circle !== undefined)
      ?.join(' > '),
    undefined,
  );
});

for (const [name, room] of Object.entries(GUARDED)) {
  test(`"${name}" is imported by at most one file, in ${room}`, (t) => {
    const users = imports.filter(({ to }) => to === name || to.startsWith(`${name}/`)).map(({ from }) => from);
    const files = [...new Set(users)];
    t.true(files.length <= 1, files.join(', '));
    for (const file of files) t.true(file.startsWith(room), file);
  });
}

test('protocol/ uses nothing of Node', (t) => {
  const used = imports.filter(({ from, to }) => roomOf(from) === 'protocol' && to.startsWith('node:'));
  t.deepEqual(used.map(arrow), []);
});

test('only base/clock.ts touches timers and the time of the machine', (t) => {
  const touching = sources.filter((file) => {
    if (file === 'base/clock.ts') return false;
    const code = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/g, '');
    return /\b(setTimeout|setInterval)\s*\(|\bDate\.now\s*\(|\bnew Date\(\)|\bperformance\.now\s*\(|node:timers/.test(
      code,
    );
  });
  t.deepEqual(touching, []);
});

test('a file holds at most 400 lines, nine of ten at most 250, half at most 100 or little more', (t) => {
  const lengths = sources.map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length }));
  t.deepEqual(
    lengths.filter(({ lines }) => lines > 401).map(({ file, lines }) => `${file}: ${lines}`),
    [],
  );
  const sorted = lengths.map(({ lines }) => lines).toSorted((a, b) => a - b);
  t.true((sorted[Math.floor(sorted.length * 0.9)] ?? 0) <= 250);
  t.true((sorted[Math.floor(sorted.length / 2)] ?? 0) <= 120);
});

test('every file begins by saying its one concept in a sentence', (t) => {
  const silent = sources.filter((file) => !/^(#!.*\n)?\/\*\* [^\n]+/.test(readFileSync(join(ROOT, file), 'utf8')));
  t.deepEqual(silent, []);
});

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function importsOf(file: string): Import[] {
  const code = readFileSync(join(ROOT, file), 'utf8');
  const found = code.matchAll(
    /^\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return [...found].map(([, still, lazy]) => ({ from: relative('', file), to: still ?? lazy ?? '' }));
}

/** `agents/broker` is a door of its own. */
const roomOf = (file: string): string => {
  const [room = '', second = ''] = file.split('/');
  return room === 'agents' ? `agents/${second}` : room;
};
const floorOf = (file: string): number | undefined => FLOORS[file.split('/')[0] ?? ''];
const arrow = ({ from, to }: Import): string => `${from} -> ${to}`;
