import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateKeyPair } from '@majordomo/client';
import { killAllProcesses, leakCheck } from '@majordomo/testkit';
import { parse, parseAllDocuments } from 'yaml';
import { SETTINGS } from '../src/settings/table';
import { fileWith, majordomo, removeFiles, start, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

const root = join(__dirname, '../../../deploy');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Container {
  readonly args: string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly readinessProbe: Container['livenessProbe'];
  readonly startupProbe: { readonly exec: { readonly command: string[] } };
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string }[];
}

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly defaultMode: number } }[];
}

/** What the tests look at of a manifest; each kind has a part of it. */
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly maxUnavailable: number;
    readonly selector: { readonly matchLabels: object };
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly targetPort: string;
    }[];
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: Pod };
  };
}

/** Every document of a file, read as Kubernetes does: YAML 1.1. */
function documents(path: string): unknown[] {
  return parseAllDocuments(read(path), { version: '1.1', merge: true }).map((document) => {
    expect([path, document.errors]).toEqual([path, []]);
    return document.toJS();
  });
}

const kubernetes = ['namespace.yaml', 'broker.yaml', 'worker.yaml'].flatMap(
  (name) => documents(`kubernetes/${name}`) as Manifest[],
);
const ofKind = (kind: string): Manifest => {
  const found = kubernetes.find((document) => document.kind === kind);
  if (!found) throw new Error(`There is no ${kind}.`);
  return found;
};
const statefulSet = ofKind('StatefulSet');
const brokerPod = statefulSet.spec.template.spec;
const [brokerContainer] = brokerPod.containers;
const workerPod = ofKind('Deployment').spec.template.spec;
const [workerContainer] = workerPod.containers;

/** The settings of a systemd unit; those that come several times, as often. */
function unit(name: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of read(`systemd/${name}`)
    .replace(/\\\n\s*/g, '')
    .split('\n')) {
    const [, key, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

const commandOf = (settings: Map<string, string[]>): string[] => {
  const [program, ...args] = (settings.get('ExecStart')?.[0] ?? '').split(/\s+/);
  expect(program).toBe('/usr/bin/majordomo');
  return args;
};

const dockerfile = read('docker/Dockerfile').replace(/\\\n\s*/g, '');
const jsonAfter = (pattern: RegExp): string[] => JSON.parse(pattern.exec(dockerfile)?.[1] ?? 'null');
const dockerCommand = jsonAfter(/^CMD (\[.*\])$/m);
const healthCheck = jsonAfter(/^HEALTHCHECK .*\sCMD (\[.*\])$/m);
interface ComposeService {
  readonly command: string[];
  readonly stop_grace_period: string;
}

const compose: { services: { worker: ComposeService } & Record<string, ComposeService> } = parse(
  read('docker/compose.yaml'),
  { merge: true },
);

/** Every command line of the folder, without the program. */
const commands: [string, string[]][] = [
  ['majordomo-broker.service', commandOf(unit('majordomo-broker.service'))],
  ['majordomo-worker@.service', commandOf(unit('majordomo-worker@.service'))],
  ['Dockerfile', dockerCommand],
  ['HEALTHCHECK', healthCheck.slice(1)],
  ['compose.yaml', compose.services.worker.command],
  ['broker.yaml', brokerContainer.args],
  ['worker.yaml', workerContainer.args],
  ['startupProbe', brokerContainer.startupProbe.exec.command.slice(1)],
];

/** The value of a flag of a command line, or each where it comes several times. */
const flagsOf = (args: readonly string[], flag: string): string[] =>
  args.flatMap((arg, at) => (arg === flag ? [args[at + 1] ?? ''] : []));

test('every file of the folder that is YAML or JSON can be read', () => {
  const files = readdirSync(root, { recursive: true }).map(String);
  const yaml = files.filter((name) => /\.ya?ml$/.test(name));
  expect(yaml.length).toBeGreaterThan(6);
  for (const name of yaml) expect(documents(name).length).toBeGreaterThan(0);
  for (const name of files.filter((name) => name.endsWith('.json')))
    expect(() => JSON.parse(read(name))).not.toThrow();
});

test('every flag is one that the command has', async () => {
  const names = [...new Set(commands.map(([, [name = '']]) => name))];
  const known = new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, string[]]> => {
        const { code, stdout } = await majordomo([name, '--help']);
        expect([name, code]).toEqual([name, 0]);
        return [name, [...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, flag = '']) => flag)];
      }),
    ),
  );
  for (const [file, args] of commands) {
    const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
    const flags = own.filter((arg) => arg.startsWith('--'));
    expect([file, flags.length]).not.toEqual([file, 0]);
    expect([file, flags.filter((flag) => !known.get(own[0] ?? '')?.includes(flag))]).toEqual([file, []]);
  }
});

test('ports, probes and checks are where the broker listens', () => {
  const ports = new Map(
    brokerContainer.ports.map(({ name, containerPort }) => [name, containerPort] as const),
  );
  const zmtp = Number(flagsOf(brokerContainer.args, '--bind')[0]?.split(':').at(-1));
  const http = Number(flagsOf(brokerContainer.args, '--http')[0]?.split(':').at(-1));
  expect(Object.fromEntries(ports)).toEqual({ zmtp, http });
  for (const { name, port, targetPort } of ofKind('Service').spec.ports)
    expect([ports.get(targetPort), name]).toEqual([port, targetPort]);
  expect(brokerContainer.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
  expect(brokerContainer.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
  expect(dockerfile).toContain(`EXPOSE ${zmtp} ${http}`);
  expect(flagsOf(dockerCommand, '--bind')[0]).toBe(`tcp://*:${zmtp}`);
  expect(flagsOf(dockerCommand, '--http')).toEqual([`0.0.0.0:${http}`]);
  const socketOf = (args: readonly string[]) => flagsOf(args, '--bind')[1]?.replace(/\?.*/, '');
  expect(flagsOf(healthCheck, '--broker')).toEqual([socketOf(dockerCommand)]);
  expect(flagsOf(brokerContainer.startupProbe.exec.command, '--broker')).toEqual([
    socketOf(brokerContainer.args),
  ]);
  const name = statefulSet.metadata.name;
  const brokers = [...Array(statefulSet.spec.replicas).keys()].map(
    (n) => `tcp://${name}-${n}.${statefulSet.spec.serviceName}:${zmtp}`,
  );
  expect(flagsOf(workerContainer.args, '--broker')).toEqual(brokers);
  const scrape = parse(read('prometheus/scrape.yml'));
  for (const target of scrape.scrape_configs[0].static_configs[0].targets)
    expect(target.split(':')[1]).toBe(String(http));
});

test('whoever ends a process waits for longer than its drain', () => {
  const drainS = (args: readonly string[]): number =>
    Number(flagsOf(args, '--drain-timeout-ms')[0] ?? SETTINGS.drainTimeoutMs.schema.parse(undefined)) / 1_000;
  for (const name of ['majordomo-broker.service', 'majordomo-worker@.service']) {
    const settings = unit(name);
    expect(Number(settings.get('TimeoutStopSec')?.[0])).toBeGreaterThan(drainS(commandOf(settings)));
  }
  expect(brokerPod.terminationGracePeriodSeconds).toBeGreaterThan(drainS(brokerContainer.args));
  expect(workerPod.terminationGracePeriodSeconds).toBeGreaterThan(drainS(workerContainer.args));
  for (const { stop_grace_period } of Object.values(compose.services))
    expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(drainS(dockerCommand));
});

test('nobody is root, and what is written to is a volume', () => {
  expect(dockerfile).toMatch(/^USER (?!0)\d+:\d+$/m);
  for (const pod of [brokerPod, workerPod]) {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1_000, fsGroup: 1_000 });
    for (const { securityContext, volumeMounts } of pod.containers) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      });
      const volumes = pod.volumes.map(({ name }) => name);
      for (const { name } of volumeMounts) expect(volumes).toContain(name);
    }
    for (const { secret } of pod.volumes) if (secret) expect(secret.defaultMode).toBe(0o440);
  }
  const { spec } = ofKind('PodDisruptionBudget');
  expect(spec.selector.matchLabels).toEqual(statefulSet.spec.template.metadata.labels);
  expect(spec.maxUnavailable).toBeLessThan(statefulSet.spec.replicas);
  for (const name of ['majordomo-broker.service', 'majordomo-worker@.service'])
    expect(unit(name).get('DynamicUser')).toEqual(['yes']);
});

test('a kustomization has every manifest, and the policy that the pods mount', () => {
  const kustomization = parse(read('kubernetes/kustomization.yaml'));
  const manifests = readdirSync(join(root, 'kubernetes')).filter(
    (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
  );
  expect([...kustomization.resources].sort()).toEqual(manifests.sort());
  const [{ name, files }] = kustomization.configMapGenerator;
  expect(files).toEqual(['policy.json']);
  expect(brokerPod.volumes).toContainEqual({ name: 'policy', configMap: { name } });
});

/** A command line of the folder, with what is of the machine put elsewhere: ports, paths, keys, token, policy. */
async function here(args: readonly string[]): Promise<{ args: string[]; socket: string }> {
  const folder = dirname(await unusedPath('x'));
  const { secretKey } = generateKeyPair();
  const files: Record<string, string> = {
    '--curve-secret-key-file': await fileWith('broker.key', `${secretKey}\n`),
    '--policy': await fileWith('policy.json', read('kubernetes/policy.json')),
    '--http-token-file': await fileWith('token', 'a-token-for-the-test\n'),
  };
  const socket = `ipc://${folder}/broker.sock`;
  const moved = args.map((arg, at) => {
    const file = files[args[at - 1] ?? ''];
    if (file !== undefined) return file;
    return arg
      .replace(/^tcp:\/\/\*:\d+/, 'tcp://127.0.0.1:0')
      .replace(/^[\d.]+:9464$/, '127.0.0.1:0')
      .replace(/^ipc:\/\/[^?]*/, socket);
  });
  return { args: moved, socket };
}

test.each([
  ['the unit of systemd', commandOf(unit('majordomo-broker.service'))],
  ['the image', dockerCommand],
  ['the pod', brokerContainer.args],
])('the broker of %s starts, is healthy and ready, and drains', async (_, command) => {
  const { args, socket } = await here(command);
  const broker = start(args);
  const [, address = ''] = await broker.waitForLine(/^majordomo broker shown at (http:\S+)$/);
  for (const { httpGet } of [brokerContainer.livenessProbe, brokerContainer.readinessProbe])
    expect([httpGet.path, (await fetch(address + httpGet.path)).status]).toEqual([httpGet.path, 200]);
  const hasToken = args.includes('--http-token-file');
  expect((await fetch(`${address}/metrics`)).status).toBe(hasToken ? 401 : 200);
  for (const check of [healthCheck, brokerContainer.startupProbe.exec.command]) {
    const asked = check.slice(1).map((arg) => (arg.startsWith('ipc://') ? socket : arg));
    expect(await majordomo(asked)).toMatchObject({ code: 0 });
  }
  broker.kill('SIGTERM');
  expect(await broker.exit).toEqual({ code: 0, signal: null });
});
