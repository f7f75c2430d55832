/** The site that `cupola start` runs where there is no site file: one host with a broker and something to look at. */
import { readSiteConfig } from './read.ts';
import { BUILT_IN_FILE, type SiteConfig } from './site.ts';

export const BUILT_IN_TEXT = `hub: {address_root: observatory}
hosts:
  localhost:
    agent-instances:
      - {agent-class: Broker, instance-id: broker}
      - {agent-class: RegistryAgent, instance-id: registry, after: [broker]}
      - {agent-class: FakeDataAgent, instance-id: faker1, after: [broker], settings: {mode: acq}}
`;

/** It as a site config. */
export function builtInSite(): SiteConfig {
  const { config } = readSiteConfig({ text: BUILT_IN_TEXT, file: BUILT_IN_FILE });
  if (!config) throw new Error('the built-in site is not valid');
  return config;
}
