import test from 'ava';
import { must } from '../../base/fault.ts';
import { parseBrokerUrl } from '../../bus/broker-url.ts';
import { busFault, isRefusal } from '../../bus/bus-fault.ts';

const url = must(parseBrokerUrl('mqtts://lab.example'));
const table: [code: unknown, want: string, cause: string | undefined, refusal: boolean][] = [
  ['CERT_HAS_EXPIRED', 'TLS_UNTRUSTED', 'expired', true],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_UNTRUSTED', 'name', true],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLS_UNTRUSTED', 'ca', true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS_UNTRUSTED', 'ca', true],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'TLS_UNTRUSTED', 'client', true],
  ['ECONNREFUSED', 'BUS_DOWN', 'nothing listens there', false],
  ['ENOTFOUND', 'BUS_DOWN', 'its name is not known', false],
  ['ECONNRESET', 'BUS_DOWN', 'the connection was cut', false],
  [1, 'BUS_VERSION', undefined, true],
  [2, 'BUS_REFUSED', undefined, true],
  [3, 'BUS_DOWN', 'it is not available now', false],
  [5, 'BUS_REFUSED', undefined, true],
  [135, 'BUS_REFUSED', undefined, true],
];
for (const [code, want, cause, refusal] of table) {
  test(`busFault() says ${want}${cause ? `, "${cause}",` : ''} of ${code}, ${refusal ? 'a refusal' : 'a loss'}`, (t) => {
    const made = busFault(url, Object.assign(new Error('x'), { code }), 4);
    t.deepEqual([made.code, made.facts['cause'], isRefusal(made)], [want, cause, refusal]);
  });
}

test('busFault() of a close without a word is a loss', (t) => {
  t.like(busFault(url, undefined, 4), { code: 'BUS_DOWN', facts: { cause: 'the broker closed the connection' } });
});
