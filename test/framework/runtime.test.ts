/** What an agent lives through: a full disk, a clock set back, a check that throws, another one under its name. */
import test from 'ava';
import { agent, z } from '../../framework/cupola.ts';
import { harness } from '../../framework/testing.ts';

test('a check of a param that throws fails its request, and the agent lives', async (t) => {
  const odd = agent('Odd', z.object({}), ({ task }) => {
    task('t', {
      params: z.object({
        text: z.string().refine((text) => {
          throw new TypeError(`cannot read "${text}"`);
        }),
      }),
      run: () => {},
    });
    task('n', { run: () => 'well' });
  });
  const h = await harness(odd);
  const [code, message] = await h.ask('start', 't', { params: { text: 'x' } });
  t.deepEqual([code, message], [-1, 'CRASH: cannot read "x"']);
  t.is((await h.ask('start', 'n'))[0], 0);
  await h.end();
});
