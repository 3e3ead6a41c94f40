/** Templates to the bytes that a host shall have. */
import { Drop, Liquid, LiquidError } from 'liquidjs';
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

/** Renders the files of one set; templates are parsed once for all hosts. */
export class Renderer {
  private readonly engine: Liquid;

  constructor(
    private readonly service: string,
    private readonly set: LoadedSet,
    private readonly readSecret: ReadSecret = (reference) => `(secret ${reference})`,
  ) {
    const templates = Object.entries(set.sources).map(([path, bytes]) => [path, bytes.toString('utf8')]);
    this.engine = new Liquid({
      ...LIMITS,
      cache: true,
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
  async render(about: About): Promise<{ files: Rendered[]; mistakes: Mistake[] }> {
    const { values } = this.set;
    const { host } = about;
    const layers = [values.all, values.cluster, ...host.roles.map((role) => values.groups[role] ?? {})];
    const merged = mergeValues([...layers, values.hosts[host.name] ?? {}]);
    const mistakes: Mistake[] = [];
    const files: Rendered[] = [];
    for (const target of this.set.targets) {
      const rendered = await this.one(target, { ...merged, ...about }, mistakes);
      if (rendered) files.push(rendered);
    }
    return { files, mistakes };
  }

  private async one(target: ConfigTarget, known: object, mistakes: Mistake[]): Promise<Rendered | undefined> {
    const { source, sensitive, served } = target;
    const path = `${this.service}/files/${source}`;
    const bytes = source.endsWith(TEMPLATE)
      ? await this.text(path, sensitive, known, mistakes, (scope) => this.engine.renderFile(source, scope))
      : this.set.sources[source]!;
    if (bytes === undefined) return undefined;
    const wrong = syntaxError(target, bytes.toString());
    if (wrong !== undefined) {
      mistakes.push({ code: 'syntax', path, value: target.path, rule: wrong });
      return undefined;
    }
    if (served?.contains === undefined) return { target, bytes: Buffer.from(bytes) };
    const { contains: template } = served;
    const proof = `${this.service}/config.yaml served.contains of ${target.path}`;
    const contains = await this.text(proof, false, known, mistakes, (scope) =>
      this.engine.parseAndRender(template, scope),
    );
    if (contains === undefined) return undefined;
    return { target: { ...target, served: { ...served, contains } }, bytes: Buffer.from(bytes) };
  }

  /** @returns undefined where there is a mistake */
  private async text(
    path: string,
    maySayASecret: boolean,
    known: object,
    mistakes: Mistake[],
    render: (scope: object) => Promise<unknown>,
  ): Promise<string | undefined> {
    const secrets = new Set<string>();
    const secret = (reference: string) =>
      new Secret(() => {
        secrets.add(reference);
        return this.readSecret(reference);
      });
    try {
      const text = (await render(withSecrets(known, secret) as object)) as string;
      const [used] = secrets;
      if (used === undefined || maySayASecret) return text;
      const rule = 'what holds a secret must be a target with sensitive: true';
      mistakes.push({ code: 'secret', path, value: used, rule });
    } catch (error) {
      mistakes.push(templateMistake(path, error));
    }
    return undefined;
  }
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
function syntaxError({ check, sensitive }: ConfigTarget, text: string): string | undefined {
  try {
    if (check === 'json') JSON.parse(text);
    if (check === 'yaml') parseYaml(text);
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
