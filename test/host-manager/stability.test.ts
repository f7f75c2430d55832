import test from 'ava';
import { stability } from '../../host-manager/stability.ts';
import { T } from './makers.ts';

const measures = test.macro((t, agesS: number[], want: number) => {
  const times = agesS.map((ageS) => T - ageS * 1_000);
  t.true(Math.abs(stability(times, T) - want) <= 0.0001, `${stability(times, T)}`);
});

test('stability() without failures is 1', measures, [], 1);
test('stability() 10 s after a failure is 0.5', measures, [10], 0.5);
test('stability() 5 s after a failure is 0', measures, [5], 0);
test('stability() 20 s after a failure is 0.75', measures, [20], 0.75);
test('stability() 60 s after a failure is 0.9167', measures, [60], 0.9167);
test('stability() 120 s after a failure is 0.9583', measures, [120], 0.9583);
test('stability() counts the newest even beyond 120 s', measures, [500], 0.99);
test('stability() adds up two failures', measures, [30, 10], 0.3333);
test('stability() adds up three failures', measures, [60, 30, 10], 0.25);
test('stability() leaves out older ones beyond 120 s', measures, [121, 10], 0.5);
test('stability() adds up four failures', measures, [100, 50, 25, 12.5], 0.25);
test('stability() at the instant of a failure is 0', measures, [0], 0);
