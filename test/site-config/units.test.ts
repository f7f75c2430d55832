import test from 'ava';
import { durationMs, sizeBytes } from '../../site-config/units.ts';

const durations = test.macro((t, given: string | number, want: number | undefined) => t.is(durationMs(given), want));
const DURATIONS: [string | number, number | undefined][] = [
  [10, 10_000],
  [0.25, 250],
  ['250ms', 250],
  ['10s', 10_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['1.5s', 1500],
  ['10', 10_000],
  ['-1s', undefined],
  ['1d', undefined],
  ['', undefined],
  ['s', undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
];
for (const [given, want] of DURATIONS)
  test(`durationMs() makes ${want} of ${JSON.stringify(given)} (${String(given)})`, durations, given, want);

const sizes = test.macro((t, given: string | number, want: number | undefined) => t.is(sizeBytes(given), want));
const SIZES: [string | number, number | undefined][] = [
  [1024, 1024],
  ['1KiB', 1024],
  ['10MiB', 10_485_760],
  ['1GiB', 1_073_741_824],
  ['0.5 KiB', 512],
  ['1MB', undefined],
  ['-1', undefined],
  ['', undefined],
  [1e300, undefined],
];
for (const [given, want] of SIZES) test(`sizeBytes() makes ${want} of ${JSON.stringify(given)}`, sizes, given, want);
