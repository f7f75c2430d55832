import test from 'ava';
import { type EnvironmentParts, childEnvironment, parseEnvFile } from '../../host-manager/environment.ts';

const PLACE = {
  siteFile: '/lab/site.yaml',
  siteHost: 'lab1',
  stateDir: '/lab/.cupola',
  instanceId: 'thermo1',
  generation: 8,
};
const CUPOLA = {
  CUPOLA_SITE_FILE: '/lab/site.yaml',
  CUPOLA_SITE_HOST: 'lab1',
  CUPOLA_STATE_DIR: '/lab/.cupola',
  CUPOLA_INSTANCE_ID: 'thermo1',
  CUPOLA_GENERATION: '8',
};

const makes = test.macro((t, given: Pick<EnvironmentParts, 'own' | 'env' | 'envFile'>, want: Record<string, string>) =>
  t.deepEqual(childEnvironment({ ...PLACE, ...given }), { ...want, ...CUPOLA }),
);
test(
  "childEnvironment() keeps the HostManager's own",
  makes,
  { own: { PATH: '/bin', LANG: 'C', GONE: undefined } },
  { PATH: '/bin', LANG: 'C' },
);
test(
  'childEnvironment() holds back what looks like a secret',
  makes,
  {
    own: {
      GITHUB_TOKEN: 'x',
      DB_PASSWORD: 'x',
      aws_secret_access_key: 'x',
      SSH_PRIVATE_KEY: 'x',
      API_KEY: 'x',
      KEYBOARD: 'us',
    },
  },
  { KEYBOARD: 'us' },
);
test(
  'childEnvironment() holds back what is of the HostManager alone',
  makes,
  {
    own: {
      NODE_OPTIONS: '--inspect',
      NODE_EXTRA_CA_CERTS: '/x',
      LISTEN_FDS: '1',
      NOTIFY_SOCKET: '/x',
      CUPOLA_LIFE: 'a:1:b',
    },
  },
  {},
);
test(
  'childEnvironment() lets env win over env-file and env-file over its own, secrets too',
  makes,
  { own: { A: 'own', B: 'own', C: 'own' }, envFile: { B: 'file', C: 'file', API_TOKEN: 'meant' }, env: { C: 'env' } },
  { A: 'own', B: 'file', C: 'env', API_TOKEN: 'meant' },
);
test(
  'childEnvironment() lets nothing take the place of what it says itself',
  makes,
  { own: {}, env: { CUPOLA_GENERATION: '1' } },
  {},
);

const parses = test.macro((t, text: string, want: Record<string, string>) =>
  t.deepEqual(parseEnvFile(text), { ok: true, value: want }),
);
test('parseEnvFile() reads NAME=value', parses, 'A=1\nB=two words\n', { A: '1', B: 'two words' });
test('parseEnvFile() passes over comments and empty lines', parses, '# c\n\n  \nA=1\r\n', { A: '1' });
test('parseEnvFile() takes one pair of quotes off', parses, `A="x y"\nB='z'\nC="open\nexport D=e=f\n`, {
  A: 'x y',
  B: 'z',
  C: '"open',
  D: 'e=f',
});
test('parseEnvFile() names the line that is none', (t) => {
  t.like(parseEnvFile('A=1\nnonsense\n'), {
    ok: false,
    fault: { code: 'CONFIG_INVALID', facts: { problem: 'line 2 of the env-file is not NAME=value' } },
  });
});
