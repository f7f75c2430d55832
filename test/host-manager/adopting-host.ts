/** A little HostManager for tests: launches the scripts it is given, says when they are up, and waits to be killed. */
import { systemClock } from '../../base/clock.ts';
import { processDriver } from '../../host-manager/process-driver.ts';
import { hostFolder } from '../../store/host-folder.ts';
import { specOf } from './real-driver.ts';

const [stateDir = '', ...scripts] = process.argv.slice(2);
const folder = hostFolder(stateDir, 'lab1');
let up = 0;
const driver = processDriver({
  folder,
  clock: systemClock(),
  onEvent(event) {
    if (event.type === 'spawned') up++;
    if (up === scripts.length) process.stdout.write('up\n');
  },
});
for (const [index, script] of scripts.entries()) {
  driver.launch(specOf(folder, script, { instanceId: `thermo${index + 1}`, generation: 7 }));
}
systemClock().after(60_000, () => process.exit(1));
