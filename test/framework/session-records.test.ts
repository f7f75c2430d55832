import test from 'ava';
import { sessionRecords } from '../../framework/session-records.ts';
import { OpCode, type Session } from '../../protocol/session.ts';
import { memoryStore } from '../../store/memory-store.ts';

const session = (number: number): Session => ({
  g: 1,
  n: 1,
  op_name: 't',
  session_id: `s${number}`,
  number,
  op_code: OpCode.STARTING,
  status: 'starting',
  success: null,
  degraded: false,
  start_time: 1,
  end_time: null,
  user: 'ana',
  role: 'operate',
  params: {},
  progress: {},
  messages: [],
  data: {},
});

test('knows() tells of the sessions that are kept, and of no others', async (t) => {
  const store = memoryStore();
  const records = sessionRecords(store);
  for (let number = 1; number <= 100; number++) await records.began(session(number));
  const known = Array.from({ length: 100 }, (_, k) => `s${k + 1}`).filter((id) => records.knows(id));
  t.deepEqual(
    known,
    store.keys('session/t/').map((key) => `s${Number(key.split('/')[2])}`),
  );
});
