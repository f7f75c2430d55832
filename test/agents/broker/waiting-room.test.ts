import test from 'ava';
import { fakeClock } from '../../../base/fake-clock.ts';
import { waitingRoom } from '../../../agents/broker/waiting-room.ts';

const LIMITS = { waitingMax: 3, waitingPerAddress: 2, waitingGraceMs: 250 };

test('enter() sends away the oldest of the same address that has been silent for 250 ms', (t) => {
  const clock = fakeClock();
  const room = waitingRoom<string>(clock, LIMITS);
  for (const socket of ['b1', 'a1', 'a2']) t.deepEqual(room.enter(socket, socket.slice(0, 1)), []);
  clock.advanceSync(250);
  t.deepEqual(room.enter('a3', 'a'), ['a1']);
  t.is(room.size(), 3);
});

test('enter() sends away the newcomer while all the others are fresh', (t) => {
  const clock = fakeClock();
  const room = waitingRoom<string>(clock, LIMITS);
  for (const socket of ['a1', 'a2']) room.enter(socket, 'a');
  clock.advanceSync(249);
  t.deepEqual(room.enter('a3', 'a'), ['a3']);
});

test('enter() sends away the oldest of all when the room is full', (t) => {
  const clock = fakeClock();
  const room = waitingRoom<string>(clock, LIMITS);
  for (const socket of ['b1', 'a1', 'a2']) room.enter(socket, socket.slice(0, 1));
  clock.advanceSync(250);
  t.deepEqual(room.enter('c1', 'c'), ['b1']);
});

test('leave() gives the place free', (t) => {
  const room = waitingRoom<string>(fakeClock(), LIMITS);
  for (const socket of ['a1', 'a2']) room.enter(socket, 'a');
  room.leave('a1');
  t.deepEqual(room.enter('a3', 'a'), []);
});
