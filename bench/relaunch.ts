/**
 * Bench: `kill -9` of a process → first instruction of the next one, through the real driver with an immediate relaunch
 * and under a real HostManager process, beside what the same machine can do at best in the same minute: a C parent that
 * forks and executes, and a bare `node`.
 *
 * Run: `node dist/bench/relaunch.js [SAMPLES]` (120 of the C program, a third as many of Node's). Needs `cc` for the C rows.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { must } from '../base/fault.ts';
import { hosted } from './hosted.ts';
import type { DriverEvent, LaunchSpec } from '../host-manager/driver.ts';
import { processDriver } from '../host-manager/process-driver.ts';
import { type HostFolder, hostFolder, makeHostFolder } from '../store/host-folder.ts';

/** First act: the time, on stdout; then `ready` on the lifeline if there is one; then nothing. */
const TICK_C = `
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void) {
  struct timespec t; char line[32];
  clock_gettime(CLOCK_MONOTONIC, &t);
  int n = snprintf(line, sizeof line, "%lld\\n", t.tv_sec * 1000000000LL + t.tv_nsec);
  if (write(1, line, n) != n) return 1;
  if (write(3, "ready\\n", 6) < 0) {}
  for (;;) pause();
}`;
const TICK_NODE = `const fs = require('node:fs'); fs.writeSync(1, process.hrtime.bigint() + '\\n');
try { fs.writeSync(3, 'ready\\n'); } catch {} setInterval(() => {}, 1e6);`;

/** floor MODE N PROGRAM ARGS…: "first": fork → first line; "kill": kill -9 of the one before → first line; "whole": fork → end. Nanoseconds. */
const FLOOR_C = `
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static long long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }
int main(int argc, char **argv) {
  int n = atoi(argv[2]), p[2]; char line[64]; pid_t last = 0;
  if (argc < 4 || pipe(p)) return 1;
  for (int i = 0; i <= n; i++) {
    usleep(5000);
    long long begun = now();
    if (last && !strcmp(argv[1], "kill")) { kill(last, SIGKILL); waitpid(last, 0, 0); last = 0; }
    pid_t pid = fork();
    if (pid == 0) { dup2(p[1], 1); execvp(argv[3], argv + 3); _exit(127); }
    if (!strcmp(argv[1], "whole")) { waitpid(pid, 0, 0); printf("%lld\\n", now() - begun); continue; }
    memset(line, 0, sizeof line);
    if (read(p[0], line, sizeof line - 1) <= 0) return 1;
    if (i > 0) printf("%lld\\n", atoll(line) - begun);
    if (!strcmp(argv[1], "kill")) last = pid; else { kill(pid, SIGKILL); waitpid(pid, 0, 0); }
  }
  if (last) kill(last, SIGKILL);
}`;

interface Figure {
  what: string;
  ms: number[];
}

/** Quiet between two kills, so that one sample does not disturb the next. */
const QUIET_MS = 20;
const ROUNDS = 4;
/** Each takes more than two seconds: the HostManager spaces launches. */
const HOSTED_SAMPLES = 6;
const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };
const clock = systemClock();

const folder = mkdtempSync(join(tmpdir(), 'cupola-bench-'));
try {
  table(await measure(Number(process.argv[2] ?? 120)));
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** All figures in turns, so that what else the machine does falls on all of them. */
async function measure(samples: number): Promise<Figure[]> {
  const tick = compiled('tick', TICK_C);
  const floor = compiled('floor', FLOOR_C);
  const node = [process.execPath, '-e', TICK_NODE];
  const many = Math.ceil(samples / ROUNDS);
  const few = Math.ceil(many / 3);
  const figures = new Map<string, number[]>();
  const add = (what: string, ms: number[]): void => void figures.set(what, [...(figures.get(what) ?? []), ...ms]);
  for (let round = 0; round < ROUNDS; round++) {
    if (tick !== undefined && floor !== undefined) {
      add('C program: fork, exec by a C parent', bare(floor, 'first', many, [tick]));
      add('C program: kill -9 → next, C parent', bare(floor, 'kill', many, [tick]));
      add('C program: kill -9 → next, driver', await relaunches(many, [tick]));
      add('node -e 0: start to end, C parent', bare(floor, 'whole', few, [process.execPath, '-e', '0']));
      add('Node program: fork, exec → first line, C parent', bare(floor, 'first', few, node));
    }
    add('Node program: kill -9 → first line, driver', await relaunches(few, node));
    if (tick === undefined) continue;
    const { program, agent, ready } = await hosted(mkdtempSync(join(folder, 'hosted-')), HOSTED_SAMPLES, tick, clock);
    add('C program: kill -9 → next, HostManager', program);
    add('Node agent: kill -9 → first line of its module, HostManager', agent);
    add('Node agent: kill -9 → ready, HostManager', ready);
  }
  return [...figures].map(([what, ms]) => ({ what, ms }));
}

/** The program with this source, or undefined where there is no C compiler. */
function compiled(name: string, source: string): string | undefined {
  const path = join(folder, name);
  writeFileSync(`${path}.c`, source);
  const { status } = spawnSync('cc', ['-O2', '-o', path, `${path}.c`], { stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? path : undefined;
}

function bare(floor: string, mode: 'first' | 'kill' | 'whole', samples: number, argv: string[]): number[] {
  const out = execFileSync(floor, [mode, String(samples), ...argv], { encoding: 'utf8', env: ENV });
  return out
    .trim()
    .split('\n')
    .map((ns) => Number(ns) / 1e6);
}

/** Kill, relaunch on `exited`, and take the time that the next one wrote as its first act. */
async function relaunches(samples: number, argv: string[]): Promise<number[]> {
  const host = must(makeHostFolder(hostFolder(mkdtempSync(join(folder, 'host-')), 'bench')));
  const found: number[] = [];
  let pid = 0;
  let generation = 1;
  let killedNs = 0n;
  let enough: (() => void) | undefined;
  const done = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const onEvent = (event: DriverEvent): void => {
    if (event.type === 'spawned') pid = event.pid;
    if (event.type === 'exited' && found.length < samples) driver.launch(specOf(host, argv, ++generation));
    if (event.type === 'exited' && found.length >= samples) enough?.();
    if (event.type !== 'ready') return;
    if (killedNs > 0n) found.push(Number(lastNs(host) - killedNs) / 1e6);
    clock.after(QUIET_MS, () => {
      killedNs = process.hrtime.bigint();
      process.kill(pid, 'SIGKILL');
    });
  };
  const driver = processDriver({ folder: host, clock, onEvent });
  driver.launch(specOf(host, argv, generation));
  await done;
  driver.close();
  return found;
}

function specOf(host: HostFolder, argv: string[], generation: number): LaunchSpec {
  return {
    instanceId: 'tick',
    agentClass: 'Command',
    generation,
    argv,
    env: ENV,
    cwd: host.root,
    logOut: join(host.log, 'tick.out.log'),
    logErr: join(host.log, 'tick.err.log'),
    definitionHash: '',
  };
}

function lastNs(host: HostFolder): bigint {
  return BigInt(readFileSync(join(host.log, 'tick.out.log'), 'utf8').trimEnd().split('\n').at(-1) ?? '0');
}

function table(figures: Figure[]): void {
  const width = Math.max(...figures.map(({ what }) => what.length));
  console.log(`${'ms'.padEnd(width)}   median      p95      min      n`);
  for (const { what, ms } of figures) {
    const sorted = ms.toSorted((a, b) => a - b);
    const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(2).padStart(8);
    console.log(`${what.padEnd(width)} ${at(0.5)} ${at(0.95)} ${at(0)} ${String(sorted.length).padStart(6)}`);
  }
}
