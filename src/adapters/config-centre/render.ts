/** Templates to the bytes that a host shall have. */
import { Drop, Liquid, LiquidError, type Template } from 'liquidjs';
import { parse as parseYaml } from 'yaml';
import { SecretReference, type ConfigTarget, type ConfigValues } from '../../contracts/config-set';
import type { Mistake } from '../../contracts/failures';
import { escaped } from '../../domain/escaped';
import type { Side } from '../../domain/config/patch';
import { mergeValues } from '../../domain/config/values';
import type { LoadedSet } from './set';

/** What templates know beside the values. */
export interface About {
  cluster: string;
  service: string;
  /** the last commit that changed anything of this service's configuration */
  revision: string;
  host: { name: string; address: string; roles: string[] };
  /** all that have these files */
  hosts: { name: string; address: string }[];
}

export interface Rendered {
  target: ConfigTarget;
  bytes: Buffer;
}

/** A file as diffs show it. */
export function sideOf(file: Rendered | undefined): Side {
  if (!file) return null;
  const { mode, owner, group } = file.target;
  return { text: file.bytes.toString('utf8'), mode, owner, group };
}

/** How secrets are read; without it, a file shows where each would stand. */
export type ReadSecret = (reference: string) => string;

/** Templates come from people who may not run programs on the worker. */
const LIMITS = { parseLimit: 2_000_000, renderLimit: 5_000, memoryLimit: 20_000_000 };
const TEMPLATE = '.liquid';
/** Filters whose results depend on more than their input. */
const CHANGING = /^(date|sample$)/;

/** Whoever looks at it is noticed, by whatever filter or condition. */
class Secret extends Drop {
  readonly #read: () => string;

  constructor(read: () => string) {
    super();
    this.#read = read;
  }

  override valueOf(): string {
    return this.#read();
  }

  toJSON(): string {
    return this.#read();
  }
}

const REFERENCE: ReadSecret = (reference) => `(secret ${reference})`;

/** Renders the files of one set; templates are parsed once for all hosts. It keeps nothing of what it renders. */
export class Renderer {
  private readonly engine: Liquid;
  private readonly proofs = new Map<string, Template[]>();

  constructor(
    private readonly service: string,
    private readonly set: LoadedSet,
  ) {
    const templates = Object.entries(set.sources).map(([path, bytes]) => [path, bytes.toString('utf8')]);
    this.engine = new Liquid({
      ...LIMITS,
      cache: Math.max(1, templates.length),
      strictVariables: true,
      strictFilters: true,
      ownPropertyOnly: true,
      relativeReference: false,
      // partials too come from this set alone
      templates: Object.fromEntries(templates) as Record<string, string>,
    });
    // the same values must give the same bytes, whenever and wherever they are asked for
    for (const name of Object.keys(this.engine.filters))
      if (CHANGING.test(name)) delete this.engine.filters[name];
  }

  /** @returns all mistakes; `files` in the order of the targets when there is none */
  async render(
    about: About,
    readSecret: ReadSecret = REFERENCE,
  ): Promise<{ files: Rendered[]; mistakes: Mistake[] }> {
    const { values } = this.set;
    const { host } = about;
    const layers = [values.all, values.cluster, ...host.roles.map((role) => values.groups[role] ?? {})];
    const merged = mergeValues([...layers, values.hosts[host.name] ?? {}]);
    const used = new Set<string>();
    const secret = (reference: string) =>
      new Secret(() => {
        used.add(reference);
        return readSecret(reference);
      });
    const known = withSecrets({ ...merged, ...about }, secret) as object;
    const scene: Scene = { known, used, mistakes: [] };
    const files: Rendered[] = [];
    for (const target of this.set.targets) {
      const rendered = await this.one(target, scene);
      if (rendered) files.push(rendered);
    }
    return { files, mistakes: scene.mistakes };
  }

  private async one(target: ConfigTarget, scene: Scene): Promise<Rendered | undefined> {
    const { source, sensitive, served } = target;
    const path = `${this.service}/files/${source}`;
    const bytes = source.endsWith(TEMPLATE)
      ? await this.text(path, sensitive, scene, (known) => this.engine.renderFile(source, known))
      : this.set.sources[source]!;
    if (bytes === undefined) return undefined;
    const wrong = syntaxError(target, bytes);
    if (wrong !== undefined) {
      scene.mistakes.push({ code: 'syntax', path, value: target.path, rule: wrong });
      return undefined;
    }
    const content = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (served?.contains === undefined) return { target, bytes: content };
    const { contains: template } = served;
    const proof = `${this.service}/config.yaml served.contains of ${target.path}`;
    const contains = await this.text(proof, false, scene, (known) =>
      this.engine.render(this.proof(template), known),
    );
    if (contains === undefined) return undefined;
    return { target: { ...target, served: { ...served, contains } }, bytes: content };
  }

  private proof(text: string): Template[] {
    const parsed = this.proofs.get(text) ?? this.engine.parse(text);
    this.proofs.set(text, parsed);
    return parsed;
  }

  /** @returns undefined where there is a mistake */
  private async text(
    path: string,
    maySayASecret: boolean,
    { known, used, mistakes }: Scene,
    render: (scope: object) => Promise<unknown>,
  ): Promise<string | undefined> {
    used.clear();
    try {
      // what a template counts in its scope is its own
      const text = (await render({ ...known })) as string;
      const [secret] = used;
      if (secret === undefined || maySayASecret) return text;
      const rule = 'what holds a secret must be a target with sensitive: true';
      mistakes.push({ code: 'secret', path, value: secret, rule });
    } catch (error) {
      mistakes.push(templateMistake(path, error));
    }
    return undefined;
  }
}

/** What the files of one host are rendered with, one after the other. */
interface Scene {
  known: object;
  /** references to secrets that the file at work has looked at */
  used: Set<string>;
  mistakes: Mistake[];
}

function withSecrets(value: unknown, secret: (reference: string) => Secret): unknown {
  if (Array.isArray(value)) return value.map((inner) => withSecrets(inner, secret));
  if (typeof value !== 'object' || value === null) return value;
  const reference = SecretReference.safeParse(value);
  if (reference.success) return secret(reference.data.secret);
  return Object.fromEntries(
    Object.entries(value as ConfigValues).map(([name, inner]) => [name, withSecrets(inner, secret)]),
  );
}

/** Of what needs no program of the host to be read. */
function syntaxError({ check, sensitive }: ConfigTarget, bytes: Buffer | string): string | undefined {
  try {
    if (check === 'json') JSON.parse(bytes.toString());
    if (check === 'yaml') parseYaml(bytes.toString());
    return undefined;
  } catch (error) {
    const [why = ''] = (error as Error).message.split('\n');
    return `it is rendered to what is no ${check as string}${sensitive ? '' : `: ${why}`}`;
  }
}

/** `web/files/nginx.conf.liquid:3:5`, of the file that is wrong: it may be a partial. */
function templateMistake(path: string, error: unknown): Mistake {
  if (!LiquidError.is(error)) return { code: 'template', path, value: 'the template', rule: String(error) };
  const { token, originalError } = error;
  const [line, column] = token.getPosition();
  const rule = (originalError?.message ?? error.message).replace(/, (file|line):.*$/s, '');
  return { code: 'template', path: `${path}:${line}:${column}`, value: escaped(token.getText()), rule };
}
